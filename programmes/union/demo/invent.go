//go:build ignore

package main

import (
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"time"
)

// towns says how many of the enterprises each town has; their places are the villages of units.csv.
var towns = map[string]int{"330482001": 46, "330482002": 66, "330482003": 36, "330482101": 44, "330482102": 60, "330482103": 46, "330482106": 20, "330482107": 32, "330482108": 50}

// odd picks what rarely happens, by the number of the enterprise. Those that are to be good in spite of it have a quality.
var odd = map[int]struct {
	what string
	q    float64
}{
	7: {"mass_incident", 0.90}, 31: {"safety_accident", 0.84}, 44: {"wage_arrears", 0.80}, 58: {"wage_arrears+settled", 0.93}, 71: {"falsified", 0.86},
	83: {"criticised", 0.985}, 119: {"criticised", 0.97}, 131: {"criticised", 0.80}, 143: {"penalised", 0.90}, 187: {"penalised", 0.82},
	201: {"funds_misused", 0.88}, 211: {"funds_misused+settled", 0.88}, 223: {"shut_down", 0.75}, 237: {"shut_down+settled", 0.78},
	12: {"personnel", 0.85}, 251: {"personnel", 0.70}, 66: {"hasty", 0.80}, 267: {"hasty", 0.66}, 279: {"appointed", 0.60},
	22: {"expired", 0.90}, 101: {"expired", 0.82}, 163: {"expired", 0.78}, 291: {"expired", 0.72}, 303: {"expired", 0.65}, 319: {"expired", 0.80},
}

var (
	fancy  = strings.Fields("星河 云帆 青禾 晨汐 远山 明湖 听涛 松风 朗月 霁光 禾苗 溪谷 白鹭 春晓 锦程 海韵 芦花 橘洲 竹影 石桥 金穗 晴川 木棉 望江 长亭 雁南 兰舟 柳岸 观潮 鸣泉")
	trades = []struct{ sector, word string }{
		{"machinery", "精密机械"}, {"machinery", "机电"}, {"digital", "光电科技"}, {"digital", "智能装备"}, {"digital", "信息技术"}, {"textile", "纺织"}, {"textile", "服饰"},
		{"luggage", "箱包"}, {"luggage", "旅行用品"}, {"chemical", "新材料"}, {"food", "食品"}, {"logistics", "供应链"}, {"services", "物业服务"}, {"machinery", "汽车配件"},
	}
	contacts = []string{"工会主席", "工会副主席", "工会干事", "行政专员", "人事专员"}
)

// heroKey is the enterprise that the browser test walks through; see README.md.
var heroKey = creditCode(1)

// enterprises invents them, the hero first.
func enterprises(r *rand.Rand) []*enterprise {
	villages := map[string][]string{}
	f, err := os.Open("units.csv")
	check(err)
	rows, err := csv.NewReader(f).ReadAll()
	check(err)
	for _, row := range rows[1:] {
		if row[3] == "village" {
			villages[row[1]] = append(villages[row[1]], row[0])
		}
	}
	var units []string
	codes := make([]string, 0, len(towns))
	for town := range towns {
		codes = append(codes, town)
	}
	slices.Sort(codes)
	for _, town := range codes {
		for i := range towns[town] {
			units = append(units, villages[town][(i*7)%len(villages[town])])
		}
	}
	r.Shuffle(len(units), func(i, j int) { units[i], units[j] = units[j], units[i] })
	names := make([]int, len(fancy)*len(trades))
	for i := range names {
		names[i] = i
	}
	r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	all := make([]*enterprise, 0, count)
	all = append(all, &enterprise{key: heroKey, name: "示例·平原新光精密机械有限公司", unit: "330482102221", size: "medium", sector: "machinery", contact: "工会主席",
		signed: day("2021-11-10"), landed: day("2022-03-01"), produced: day("2022-10-08"), odd: "hero", founded: day("2022-03-01"), r: r})
	for i := 1; i < count; i++ {
		trade := trades[names[i]%len(trades)]
		e := &enterprise{key: creditCode(i + 1), name: "示例·" + fancy[names[i]/len(trades)] + trade.word + "有限公司", unit: units[i], sector: trade.sector,
			r: rand.New(rand.NewPCG(seed, uint64(i)+100))}
		e.contact = e.one(contacts...)
		e.grow()
		all = append(all, e)
		switch o, ok := odd[i]; {
		case ok:
			e.odd, e.q = o.what, o.q
			if e.landed.After(day("2021-01-01")) { // they have a history
				e.signed, e.landed, e.produced = time.Time{}, day("2014-03-03").AddDate(0, 0, i), day("2015-01-05").AddDate(0, 0, i)
			}
		case i%20 == 9:
			e.odd = "nothing"
		}
	}
	return all
}

// grow gives an enterprise its size, its days and how good its union is.
func (e *enterprise) grow() {
	switch x := e.r.Float64(); {
	case x < 0.12:
		e.size, e.employees = "micro", e.between(10, 28)
	case x < 0.62:
		e.size, e.employees = "small", e.between(30, 190)
	case x < 0.92:
		e.size, e.employees = "medium", e.between(200, 700)
	default:
		e.size, e.employees = "large", e.between(1000, 2600)
	}
	switch x := e.r.Float64(); {
	case x < 0.58:
		e.landed = day("2005-01-10").AddDate(0, 0, e.between(0, 5600))
		e.produced = e.landed.AddDate(0, e.between(4, 14), 0)
	case x < 0.95:
		e.landed = day("2021-02-01").AddDate(0, 0, e.between(0, 1150))
		e.signed = e.landed.AddDate(0, 0, -e.between(20, 200))
		e.produced = e.landed.AddDate(0, e.between(2, 11), 0)
	default: // newcomers: little is filed yet
		e.landed = day("2025-05-10").AddDate(0, 0, e.between(0, 360))
		e.signed = e.landed.AddDate(0, 0, -e.between(20, 120))
	}
	switch x := e.r.Float64(); {
	case x < qualities[0].upTo:
		e.q = qualities[0].low + (qualities[0].high-qualities[0].low)*e.r.Float64()
	default:
		for _, b := range qualities[1:] {
			if x < b.upTo {
				e.q = b.low + (b.high-b.low)*e.r.Float64()
				break
			}
		}
	}
}

// qualities is the spread that makes the grades of README.md.
var qualities = []struct{ upTo, low, high float64 }{
	{0.10, 0.94, 0.98}, {0.355, 0.825, 0.865}, {0.92, 0.74, 0.785}, {1, 0.40, 0.60},
}

// creditCode makes a credit code with right check characters in a range that is evidently invented: the organisation code
// inside begins with 9999.
func creditCode(n int) string {
	const alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
	org := fmt.Sprintf("9999%04d", n)
	sum := 0
	for i, w := range []int{3, 7, 9, 10, 5, 8, 4, 2} {
		sum += int(org[i]-'0') * w
	}
	body := "91330482" + org + string("0123456789X"[(11-sum%11)%11])
	sum = 0
	for i, w := 0, 1; i < len(body); i, w = i+1, w*3%31 {
		sum += strings.IndexByte(alphabet, body[i]) * w
	}
	return body + string(alphabet[(31-sum%31)%31])
}

var hashes = map[string]string{}

// proofs takes the names of the invented attachments from their contents.
func proofs() {
	for _, name := range []string{"approval.svg", "site.svg", "home.svg", "certificate.svg", "contract.txt", "report.txt"} {
		b, err := os.ReadFile("photos/" + name)
		check(err)
		h := sha256.Sum256(b)
		hashes[name[:strings.IndexByte(name, '.')]] = hex.EncodeToString(h[:])
	}
}

// proof attaches an invented picture or paper to a form; the poorer sometimes forget it.
func proof(name string, values v, field string) v {
	values[field] = []string{hashes[name]}
	values["missing_proof"] = field
	return values
}

func (e *enterprise) chance(p float64) bool { return e.r.Float64() < p }

// good asks whether the union did one thing well; easier things have a bias above 0.
func (e *enterprise) good(bias float64) bool { return e.chance(e.q + bias) }

func (e *enterprise) where(bias float64, good, bad int) int {
	if e.good(bias) {
		return good
	}
	return bad
}

func (e *enterprise) pick3(bias float64, best, second, none string) string {
	switch {
	case !e.good(bias):
		return none
	case e.good(-0.2):
		return best
	}
	return second
}

func (e *enterprise) between(low, high int) int    { return low + e.r.IntN(high-low+1) }
func (e *enterprise) one(options ...string) string { return options[e.r.IntN(len(options))] }
func (e *enterprise) within(from, to time.Time) time.Time {
	from = later(from, e.founded)
	if !from.Before(to) {
		return to
	}
	return from.AddDate(0, 0, 1+e.r.IntN(int(to.Sub(from).Hours()/24)))
}

func day(s string) time.Time {
	t, err := time.Parse(time.DateOnly, s)
	check(err)
	return t
}

func date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

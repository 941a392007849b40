// Package browser drives a real browser in tests: few verbs, each of which fails the test with what was on the page.
package browser

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// Page is one tab of a browser with a session of its own. All its verbs wait until they can be done, and fail the test otherwise.
type Page struct {
	t    testing.TB
	ctx  context.Context
	base string

	mu     sync.Mutex
	errors []string // what the console complained of
}

// Open starts a browser whose window is width × height CSS pixels, a phone when it is narrow. The test is skipped only
// when there is no browser and CI is not set; CI without a browser fails.
func Open(t testing.TB, base string, width, height int) *Page {
	t.Helper()
	path := find()
	if path == "" {
		if os.Getenv("CI") != "" {
			t.Fatal("no browser: install chromium")
		}
		t.Skip("no browser: install chromium (make setup)")
	}
	// Without smooth scrolling: a click aims at where a thing is, and would miss what still moves.
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("force-prefers-reduced-motion", true), chromedp.Flag("lang", "zh-CN"), chromedp.Flag("accept-lang", "zh-CN"))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	ctx, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, stopTab := chromedp.NewContext(ctx)
	t.Cleanup(stopTab)
	ctx, stopClock := context.WithTimeout(ctx, 3*time.Minute)
	t.Cleanup(stopClock)
	p := &Page{t: t, ctx: ctx, base: base}
	var mode []chromedp.EmulateViewportOption
	if width < 600 {
		mode = append(mode, chromedp.EmulateMobile, chromedp.EmulateTouch)
	}
	// The browser must run before its console can be read, and lives as long as the context that it was started with.
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank"), chromedp.EmulateViewport(int64(width), int64(height), mode...)); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	messages := chromedp.Console(ctx)
	go func() {
		for m, err := range messages {
			if err != nil {
				return
			}
			text := m.String()
			if strings.Contains(text, "status of 422") { // a form that came back with its mistakes
				continue
			}
			if m.IsException() || strings.Contains(strings.ToLower(text), "error") || strings.Contains(text, "Content Security Policy") {
				p.mu.Lock()
				p.errors = append(p.errors, text)
				p.mu.Unlock()
			}
		}
	}()
	return p
}

func find() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

func (p *Page) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, 20*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.fail("%s: %v", what, err)
	}
}

func (p *Page) fail(format string, args ...any) {
	p.t.Helper()
	body, _ := chromedp.Run(p.ctx, chromedp.Evaluate[string]("location.pathname + '\\n' + document.body.innerText"))
	p.t.Fatalf("%s\n--- on the page:\n%.3000s", fmt.Sprintf(format, args...), body)
}

// Go opens an address of the site.
func (p *Page) Go(path string) {
	p.t.Helper()
	p.do("go to "+path, chromedp.Navigate(p.base+path))
}

// Fill puts a text into the field with this name.
func (p *Page) Fill(name, text string) {
	p.t.Helper()
	p.Eval(fmt.Sprintf(`(() => { const e = document.querySelector(%q); if (!e) throw new Error("no such field"); e.focus(); e.select(); })()`, field(name)))
	p.do("fill "+name, chromedp.SendKeys(chromedp.CSS(field(name)), text))
}

// Set gives a field a value as a picker would: dates and selections, which do not take typed keys alike everywhere.
func (p *Page) Set(name, value string) {
	p.t.Helper()
	p.Eval(fmt.Sprintf(`(() => { const e = document.querySelector(%q); e.value = %q; e.dispatchEvent(new Event("input", {bubbles: true})); e.dispatchEvent(new Event("change", {bubbles: true})); })()`, field(name), value))
}

// Choose presses the radio button or checkbox of a field with this value.
func (p *Page) Choose(name, value string) {
	p.t.Helper()
	p.Click(fmt.Sprintf(`[name=%q][value=%q]`, name, value))
}

// Upload gives a file to the first file field inside a box.
func (p *Page) Upload(selector, file string) {
	p.t.Helper()
	path, err := filepath.Abs(file)
	if err != nil {
		p.t.Fatal(err)
	}
	p.do("upload to "+selector, chromedp.SetUploadFiles(chromedp.CSS(selector), []string{path}))
}

// field finds what a person would fill in; hidden fields of the same name are not it.
func field(name string) string { return fmt.Sprintf("[name=%q]:not([type=hidden])", name) }

// Click presses what a CSS selector finds.
func (p *Page) Click(selector string) {
	p.t.Helper()
	p.do("click "+selector, chromedp.ScrollIntoView(chromedp.CSS(selector)), chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
}

// Press clicks a button or link by its words, answers yes where it is asked to confirm, and waits for the next page.
func (p *Page) Press(words string) {
	p.t.Helper()
	before := p.Eval(`window.__page ??= String(Math.random())`)
	p.Eval(fmt.Sprintf(`(() => { const e = [...document.querySelectorAll("main button, main a")].find(e => e.checkVisibility() && e.textContent.trim().includes(%q)); if (!e) throw new Error("nothing to press says " + %q); window.confirm = () => true; e.click(); })()`, words, words))
	p.until("the page after "+words, fmt.Sprintf(`window.__page !== %q && document.readyState === "complete"`, before))
}

// Want waits until the page says all these texts.
func (p *Page) Want(texts ...string) {
	p.t.Helper()
	for _, text := range texts {
		p.until(fmt.Sprintf("the page to say %q", text), fmt.Sprintf("document.body.innerText.includes(%q)", text))
	}
}

// Await waits until a script finds something: a value that is not false, null or empty.
func (p *Page) Await(condition string) {
	p.t.Helper()
	p.until(condition, "!!("+condition+")")
}

// WantNot fails if the page says this text.
func (p *Page) WantNot(text string) {
	p.t.Helper()
	if p.Eval(fmt.Sprintf("String(document.body.innerText.includes(%q))", text)) == "true" {
		p.fail("the page must not say %q", text)
	}
}

// Until waits until a script gives true; what says what for.
func (p *Page) Until(what, condition string) {
	p.t.Helper()
	p.until(what, condition)
}

func (p *Page) until(what, condition string) {
	p.t.Helper()
	for deadline := time.Now().Add(15 * time.Second); time.Now().Before(deadline); time.Sleep(30 * time.Millisecond) {
		if ok, err := chromedp.Run(p.ctx, chromedp.Evaluate[bool](condition)); err == nil && ok { // between two pages there is nothing to ask
			return
		}
	}
	p.fail("waited in vain for %s", what)
}

// Text gives the text of what a CSS selector finds first.
func (p *Page) Text(selector string) string {
	p.t.Helper()
	return p.Eval(fmt.Sprintf(`document.querySelector(%q)?.textContent.trim() ?? ""`, selector))
}

// Eval runs a script and gives what it says as text.
func (p *Page) Eval(script string) string {
	p.t.Helper()
	out, err := chromedp.Run(p.ctx, chromedp.Evaluate[any](script))
	if err != nil {
		p.fail("script %.120s: %v", script, err)
	}
	return fmt.Sprint(out)
}

// Sound fails the test if the console complained, or if the page is wider than the window.
func (p *Page) Sound() {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.errors) > 0 {
		p.t.Errorf("the console complains: %s", strings.Join(p.errors, "\n"))
		p.errors = nil
	}
	if over := p.Eval(`String(document.documentElement.scrollWidth - innerWidth)`); strings.TrimLeft(over, "-") == over && over != "0" {
		p.t.Errorf("%s: the page is %s px wider than the window", p.Eval("location.pathname"), over)
	}
}

// Shot writes a picture of the whole page to a file in BIHUAN_SHOTS, if that is set.
func (p *Page) Shot(name string) {
	p.t.Helper()
	dir := os.Getenv("BIHUAN_SHOTS")
	if dir == "" {
		return
	}
	b, err := chromedp.Run(p.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), b, 0o644); err != nil {
		p.t.Fatal(err)
	}
}

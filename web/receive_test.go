package web

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// Whatever is too large is answered with what the limit is and what to do, after it was received: also when nobody is signed in, or the
// address is wrong. The connection goes on afterwards.
func TestTooLargeIsAnswered(t *testing.T) {
	throughTheDoor(t, 1, func(d *door) {
		home := d.subjects[0].ID
		where, err := url.Parse(d.url)
		d.must(err)
		table := "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"big.csv\"\r\n\r\n"
		d.page("officer", "/me")
		d.page("admin", "/me")
		for _, c := range []struct {
			who, path, kind, begin string
			status                 int
			says                   string
		}{
			{"officer", "/p/union/subjects/" + home + "/rosters/employee", "multipart/form-data; boundary=x", table, http.StatusRequestEntityTooLarge, "请拆成几份"},
			{"admin", "/admin/import", "multipart/form-data; boundary=x", table, http.StatusRequestEntityTooLarge, "请拆成几份"},
			{"admin", "/admin/programmes", "multipart/form-data; boundary=x", table, http.StatusRequestEntityTooLarge, "请拆成几份"},
			{"admin", "/admin/holidays", "multipart/form-data; boundary=x", table, http.StatusRequestEntityTooLarge, "太大"},
			{"officer", "/uploads?name=a.jpg", "image/jpeg", "", http.StatusRequestEntityTooLarge, "文件太大"},
			{"officer", "/me/lang", "application/x-www-form-urlencoded", "lang=", http.StatusNotFound, ""},
			{"officer", "/lang", "application/x-www-form-urlencoded", "lang=", http.StatusRequestEntityTooLarge, "太大"},
			{"", "/admin/import", "multipart/form-data; boundary=x", table, http.StatusUnauthorized, "请先登录"},
			{"officer", "/api/v1/subjects/" + home + "/rosters/employee", "application/json", "{\"rows\": [\"", http.StatusRequestEntityTooLarge, "最多 16 MB"},
		} {
			var head bytes.Buffer
			fmt.Fprintf(&head, "POST %s HTTP/1.1\r\nHost: %s\r\nAccept-Language: zh\r\nContent-Type: %s\r\nContent-Length: %d\r\n", c.path, where.Host, c.kind, len(c.begin)+40<<20)
			if c.who != "" {
				for _, cookie := range d.people[c.who].Jar.Cookies(where) {
					fmt.Fprintf(&head, "Cookie: %s=%s\r\n", cookie.Name, cookie.Value)
				}
			}
			conn, err := net.Dial("tcp", where.Host)
			d.must(err)
			if _, err := io.Copy(conn, io.MultiReader(&head, strings.NewReader("\r\n"+c.begin), bytes.NewReader(bytes.Repeat([]byte("x"), 40<<20)))); err != nil {
				t.Errorf("%s is cut off: %v", c.path, err)
				continue
			}
			read := bufio.NewReader(conn)
			answer, err := http.ReadResponse(read, nil)
			if err != nil {
				t.Errorf("%s is not answered: %v", c.path, err)
				continue
			}
			body, err := io.ReadAll(answer.Body)
			d.must(err)
			if answer.StatusCode != c.status || !strings.Contains(string(body), c.says) {
				t.Errorf("%s: %d, want %d and %q\n%s", c.path, answer.StatusCode, c.status, c.says, mainPart(string(body)))
			}
			fmt.Fprintf(conn, "GET /login HTTP/1.1\r\nHost: %s\r\n\r\n", where.Host)
			if answer, err = http.ReadResponse(read, nil); err != nil || answer.StatusCode != http.StatusOK {
				t.Errorf("after %s: %+v, %v", c.path, answer, err)
			}
			d.must(conn.Close())
		}
	})
}

package web

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// A photo is still on its way while a form is sent: the word that the form was taken is shown, whatever ends when.
func TestTheWordSurvivesWhatRunsBeside(t *testing.T) {
	throughTheDoor(t, 1, func(d *door) {
		d.as("officer")
		body, photo := io.Pipe()
		sent := make(chan int)
		go func() {
			answer, err := d.as("officer").Post(d.url+"/uploads?name=a.jpg", "image/jpeg", body)
			if err != nil {
				sent <- 0
				return
			}
			answer.Body.Close()
			sent <- answer.StatusCode
		}()
		for range 16 { // more than lies between the two, so that the upload has begun
			if _, err := photo.Write(make([]byte, 1<<20)); err != nil {
				d.Fatal(err)
			}
		}
		d.done("officer", "/me/calendar/revoke", nil)
		photo.Close()
		if status := <-sent; status != http.StatusUnprocessableEntity { // it is no photo
			d.Errorf("the upload ended with %d", status)
		}
		if status, body := d.post("officer", "/me/password", url.Values{"now": {"wrong"}, "new": {"wrong"}}); status != http.StatusUnprocessableEntity || strings.Contains(body, "日历订阅已停止。") {
			d.Errorf("another form, refused, says with %d what the one before it did", status)
		}
		d.page("officer", "/me/notices", "日历订阅已停止。")
	})
}

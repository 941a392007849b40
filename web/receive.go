package web

import (
	"io"
	"net/http"
	"time"
)

// An answer that is given while the browser still sends never arrives: the server closes the connection on what it did not read, the
// other side is told of a reset, and what was answered is lost. So what was refused is received all the same, up to a bound, and
// thrown away before the answer begins.

// How much is received beyond what was wanted, and for how long at most; who sends more sees the connection end.
const (
	mostReceived = 256 << 20
	receiveTime  = 2 * time.Minute
)

// received lets requests with a body arrive whole before they are answered, whoever refuses them and wherever.
func received(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength == 0 {
			h.ServeHTTP(w, r)
			return
		}
		body := &incoming{ReadCloser: r.Body}
		a := &answer{ResponseWriter: w, body: body, waits: r.Header.Get("Expect") != ""}
		r.Body = body
		h.ServeHTTP(a, r)
		a.receive()
	})
}

// incoming is the body of a request, which knows whether it was begun.
type incoming struct {
	io.ReadCloser
	begun bool
}

func (b *incoming) Read(p []byte) (int, error) {
	b.begun = true
	return b.ReadCloser.Read(p)
}

// Close leaves the body open for what is still to be received; the server closes it.
func (b *incoming) Close() error { return nil }

// answer receives the rest of the request before the first byte leaves.
type answer struct {
	http.ResponseWriter
	body  *incoming
	waits bool // the sender asks first; who was refused unread sends nothing
	begun bool
}

func (a *answer) receive() {
	if a.begun {
		return
	}
	a.begun = true
	if a.waits && !a.body.begun {
		return
	}
	_ = http.NewResponseController(a.ResponseWriter).SetReadDeadline(time.Now().Add(receiveTime)) // where there is none, the server's holds
	_, _ = io.CopyN(io.Discard, a.body.ReadCloser, mostReceived)                                  // who has gone away needs no answer
}

func (a *answer) WriteHeader(status int) {
	a.receive()
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(p []byte) (int, error) {
	a.receive()
	return a.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach the connection.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"sync"
)

//go:embed assets
var assetFiles embed.FS

// asset gives the address of an embedded file. It carries the file's hash, so that browsers may keep it for ever.
func asset(name string) string { return "/assets/" + name + "?" + assetHash()[name] }

var assetHash = sync.OnceValue(func() map[string]string {
	hashes := map[string]string{}
	files, _ := fs.Sub(assetFiles, "assets")
	fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			b, _ := fs.ReadFile(files, path)
			sum := sha256.Sum256(b)
			hashes[path] = hex.EncodeToString(sum[:6])
		}
		return err
	})
	return hashes
})

func assets() http.Handler {
	files := http.FileServerFS(assetFiles)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RawQuery != "" {
			w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		}
		files.ServeHTTP(w, r)
	})
}

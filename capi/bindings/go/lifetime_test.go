package tenon

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tenon.local/tenon/internal/heap"
)

// cycle makes one of everything, uses it, and closes it or leaves it to the collector.
func cycle(t *testing.T, closing bool) {
	fatal := func(err error) {
		if err != nil {
			t.Helper()
			t.Fatal(err)
		}
	}
	c, err := NewContext(&ContextOptions{Threads: 1, Log: func(LogLevel, string, string) {}})
	fatal(err)
	g, err := c.NewGraph("g")
	fatal(err)
	x, err := g.Input("x", F32, 4, 64)
	fatal(err)
	_, err = g.Node("rms_norm", []Value{x}, Attributes{"epsilom": []string{"a", "b"}})
	if !errors.Is(err, InvalidArgument) {
		t.Fatal(err)
	}
	y, err := g.Node("rms_norm", []Value{x}, Attributes{"epsilon": 1e-5})
	fatal(err)
	fatal(g.Output("y", y))
	target, err := c.Target("iree")
	fatal(err)
	module, err := g.LowerTo(target, nil)
	fatal(err)
	_, err = module.Text()
	fatal(err)
	p, err := g.Compile(nil)
	fatal(err)
	in, err := FromSlice(c, make([]float32, 256), 4, 64)
	fatal(err)
	out, err := p.NewOutputs()
	fatal(err)
	fatal(p.Run([]*Tensor{in}, out))
	if !closing {
		return
	}
	// The worst order: what the others were made from first.
	c.Close()
	g.Close()
	target.Close()
	in.Close()
	p.Close()
	out[0].Close()
	module.Close()
}

func TestNothingLeaks(t *testing.T) {
	before := atomic.LoadInt64(&live)
	const cycles = 12
	least := math.MaxInt
	for batch := 0; batch < 3; batch++ {
		bytes := heap.InUse()
		for i := 0; i < cycles; i++ {
			cycle(t, true)
		}
		if grown := heap.InUse() - bytes; grown < least { // a leak is in every batch; a new thread's own memory, and what is made once, in some
			least = grown
		}
	}
	if now := atomic.LoadInt64(&live); now != before {
		t.Errorf("%d objects are not destroyed", now-before)
	}
	if least >= cycles*256 { // malloc counts what its caches hold as given out
		t.Errorf("each %d cycles leave %d bytes of C memory or more", cycles, least)
	}
}

func TestFinalizersCloseWhatWasForgotten(t *testing.T) {
	before := atomic.LoadInt64(&live)
	for i := 0; i < 5; i++ {
		cycle(t, false)
	}
	for try := 0; try < 200 && atomic.LoadInt64(&live) > before; try++ {
		runtime.GC()
		time.Sleep(5 * time.Millisecond)
	}
	if now := atomic.LoadInt64(&live); now > before {
		t.Errorf("%d objects are left after many collections", now-before)
	}
}

func TestCancelStopsRuns(t *testing.T) {
	c, err := NewContext(&ContextOptions{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	g, err := c.OperatorGraph("matmul", F32, "128x128,128x128")
	if err != nil {
		t.Fatal(err)
	}
	p, err := g.Compile(nil)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := c.NewTensor(F32, 128, 128)
	out, _ := p.NewOutputs()
	runs := make([]Run, 1000000)
	for i := range runs {
		runs[i] = Run{[]*Tensor{a, a}, out}
	}
	deadline, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	done, err := p.RunContext(deadline, runs)
	if done == len(runs) || !errors.Is(err, Cancelled) || !errors.Is(err, context.DeadlineExceeded) {
		t.Error(done, err)
	}
	if _, err = p.RunContext(deadline, runs[:1]); !errors.Is(err, Cancelled) {
		t.Error(err)
	}
	if done, err := p.RunContext(context.Background(), runs[:2]); done != 2 || err != nil {
		t.Error(done, err)
	}
}

func TestLogGoesToTheFunction(t *testing.T) {
	var mutex sync.Mutex
	var lines []string
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "broken.tenon.yaml"), []byte("schema: [\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	c, err := NewContext(&ContextOptions{PluginPaths: []string{folder}, LogLevel: LogDebug, Log: func(level LogLevel, category, text string) {
		mutex.Lock()
		defer mutex.Unlock()
		if level == LogWarning {
			lines = append(lines, category+": "+text)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Plugins(); err != nil {
		t.Fatal(err)
	}
	c.Close()
	mutex.Lock()
	defer mutex.Unlock()
	if !strings.Contains(strings.Join(lines, "\n"), "broken.tenon.yaml: MANIFEST_INVALID") {
		t.Errorf("the loader does not warn of the broken manifest: %q", lines)
	}
}

// What a call costs, for README.md: go test -bench .
func BenchmarkRun(b *testing.B) {
	for _, batch := range []int{1, 100} {
		b.Run(map[int]string{1: "one by one", 100: "RunMany of 100"}[batch], func(b *testing.B) {
			c, _ := NewContext(&ContextOptions{Threads: 1})
			defer c.Close()
			g, _ := c.OperatorGraph("rms_norm", F32, "1x64")
			p, err := g.Compile(nil)
			if err != nil {
				b.Fatal(err)
			}
			in, _ := c.NewTensor(F32, 1, 64)
			out, _ := p.NewOutputs()
			runs := make([]Run, batch)
			for i := range runs {
				runs[i] = Run{[]*Tensor{in}, out}
			}
			b.ResetTimer()
			for i := 0; i < b.N; i += batch {
				if _, err := p.RunMany(runs); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

package tenon

import (
	"sync"
	"sync/atomic"
	"unsafe"
)

// live counts the C objects that are not destroyed yet; for tests.
var live int64

// handle owns a C object: who uses it now, and when it is destroyed.
type handle struct {
	mutex   sync.Mutex
	pointer unsafe.Pointer
	what    string
	users   int // calls under way, and objects made from it
	closed  bool
	destroy func(unsafe.Pointer)
	parents []*handle
}

// newHandle takes the object over. parents stay until it is destroyed: they must be in use by the caller.
func newHandle(pointer unsafe.Pointer, what string, destroy func(unsafe.Pointer), parents ...*handle) *handle {
	for _, parent := range parents {
		parent.mutex.Lock()
		parent.users++
		parent.mutex.Unlock()
	}
	atomic.AddInt64(&live, 1)
	return &handle{pointer: pointer, what: what, destroy: destroy, parents: parents}
}

// use gives the object, safe from destruction until done.
func (h *handle) use() (unsafe.Pointer, error) {
	if h == nil {
		return nil, fail(FailedPrecondition, "make it with NewContext and the methods of what that gives", "this object was made by nobody")
	}
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if h.closed {
		return nil, fail(FailedPrecondition, "make a new "+h.what+", or close this one later", "the %s is closed", h.what)
	}
	h.users++
	return h.pointer, nil
}

func (h *handle) done() {
	h.mutex.Lock()
	h.users--
	last := h.closed && h.users == 0
	h.mutex.Unlock()
	if last {
		h.free()
	}
}

// close is safe to call twice, and on nil.
func (h *handle) close() {
	if h == nil {
		return
	}
	h.mutex.Lock()
	last := !h.closed && h.users == 0
	h.closed = true
	h.mutex.Unlock()
	if last {
		h.free()
	}
}

func (h *handle) free() {
	h.destroy(h.pointer)
	atomic.AddInt64(&live, -1)
	for _, parent := range h.parents {
		parent.done()
	}
}

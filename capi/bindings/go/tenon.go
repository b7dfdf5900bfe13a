// Package tenon builds or loads graphs of operators, lowers them to StableHLO text and runs them on the CPU. It is cgo over libtenon, found by
// pkg-config, and needs nothing else.
//
//	ctx, err := tenon.NewContext(nil)
//	g, err := ctx.NewGraph("norm")
//	x, err := g.Input("x", tenon.F32, 4, 640)
//	y, err := g.Node("rms_norm", []tenon.Value{x}, tenon.Attributes{"epsilon": 1e-5})
//	err = g.Output("y", y)
//	text, err := g.Lower("iree", nil)
//	program, err := g.Compile(nil)
//	err = program.Run([]*tenon.Tensor{in}, []*tenon.Tensor{out})
//
// # Ownership
//
// Everything that is made has a Close. Close forbids further use at once; the object itself goes when nobody uses it any more: no call that is
// under way in another goroutine, nothing made from it. So the order of closing never matters, closing twice does nothing, and using something
// closed is an error with code FailedPrecondition. Finalizers close what was forgotten, some time.
//
// # Errors
//
// A failed call returns an *Error, with a code, the place, advice and a chain of causes. errors.Is(err, tenon.NotFound) asks for a code.
//
// # Goroutines
//
// A Context and a Program may be used from many goroutines at once. A Graph takes one at a time, and sees to that itself. The memory of a Tensor is
// the caller's to guard: no run may write what another reads.
//
// # Memory
//
// Tensors lie in C memory, so that the library may keep and the garbage collector ignore it. A run passes no Go memory to C but a list of tensors.
// A cgo call costs about 50 to 100 ns: RunMany makes many runs in one.
package tenon

/*
#cgo pkg-config: tenon
#include <tenon/tenon.h>
*/
import "C"

// Version is the library's version: "0.1.0".
func Version() string { return C.GoString(C.tenon_version()) }

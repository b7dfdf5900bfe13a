package tenon

/*
#include <tenon/tenon.h>
*/
import "C"

import (
	"fmt"
	"unsafe"
)

// Code says what kind of failure an Error is. It is an error itself, for errors.Is(err, tenon.NotFound). Codes are never exhaustive.
type Code int32

// The codes of tenon/base.h.
const (
	Cancelled          Code = C.TENON_CANCELLED
	Unknown            Code = C.TENON_UNKNOWN
	InvalidArgument    Code = C.TENON_INVALID_ARGUMENT
	DeadlineExceeded   Code = C.TENON_DEADLINE_EXCEEDED
	NotFound           Code = C.TENON_NOT_FOUND
	AlreadyExists      Code = C.TENON_ALREADY_EXISTS
	PermissionDenied   Code = C.TENON_PERMISSION_DENIED
	ResourceExhausted  Code = C.TENON_RESOURCE_EXHAUSTED
	FailedPrecondition Code = C.TENON_FAILED_PRECONDITION
	Aborted            Code = C.TENON_ABORTED
	OutOfRange         Code = C.TENON_OUT_OF_RANGE
	Unimplemented      Code = C.TENON_UNIMPLEMENTED
	Internal           Code = C.TENON_INTERNAL
	Unavailable        Code = C.TENON_UNAVAILABLE
	DataLoss           Code = C.TENON_DATA_LOSS
	Unauthenticated    Code = C.TENON_UNAUTHENTICATED
	Incompatible       Code = C.TENON_INCOMPATIBLE
	PluginRejected     Code = C.TENON_PLUGIN_REJECTED
	NotUnderstood      Code = C.TENON_NOT_UNDERSTOOD
	ManifestInvalid    Code = C.TENON_MANIFEST_INVALID
	ManifestMismatch   Code = C.TENON_MANIFEST_MISMATCH
	Untrusted          Code = C.TENON_UNTRUSTED
	CPUUnsupported     Code = C.TENON_CPU_UNSUPPORTED
	DependencyMissing  Code = C.TENON_DEPENDENCY_MISSING
	ProbeFailed        Code = C.TENON_PROBE_FAILED
	FPEnvChanged       Code = C.TENON_FP_ENV_CHANGED
)

// String is the code's name: "INVALID_ARGUMENT".
func (c Code) String() string { return C.GoString(C.tenon_code_name(C.int32_t(c))) }

// Error makes a code an error, so that errors.Is can ask for it.
func (c Code) Error() string { return c.String() }

// Where says what an error is about; what is not known is empty or 0.
type Where struct {
	File         string // of a graph file, manifest or parameter file
	Line, Column int    // in it, from 1
	Node         string // of the graph
	Operand      string // or attribute, input, output
	Plugin       string
}

// Error is a request that failed.
type Error struct {
	Code    Code
	Message string // what was expected and what came
	Advice  string // one sentence that someone can act on, or ""
	Where   Where
	Domain  string            // "core", a plugin's name and version, or "go": this package
	Payload map[string]string // what else is known
	Cause   error             // the error behind this one, or nil
	report  string
}

// Error is the code and the message, in a line. Report says all.
func (e *Error) Error() string { return "tenon: " + e.Code.String() + ": " + e.Message }

// Report is the error for a person: code, message, place, advice and causes, in several lines.
func (e *Error) Report() string { return e.report }

// Unwrap is the error behind this one, or nil.
func (e *Error) Unwrap() error { return e.Cause }

// Is is true for the error's Code.
func (e *Error) Is(target error) bool {
	code, ok := target.(Code)
	return ok && code == e.Code
}

// fail is an error of this package.
func fail(code Code, advice, format string, values ...any) *Error {
	message := fmt.Sprintf(format, values...)
	report := "error: " + code.String() + ": " + message
	if advice != "" {
		report += "\n  advice: " + advice
	}
	return &Error{Code: code, Message: message, Advice: advice, Domain: "go", report: report}
}

// check copies a failed call's error into Go's memory and releases it; nil for success.
func check(code C.int32_t, given *C.tenon_error) error {
	if code == C.TENON_OK {
		return nil
	}
	if given == nil {
		return fail(Code(code), "", "the library gave no reason")
	}
	defer C.tenon_error_release(given)
	return copyError(given)
}

func copyError(given *C.tenon_error) *Error {
	text := func(field C.int32_t) string {
		var length C.size_t
		data := C.tenon_error_get_text(given, field, &length)
		return C.GoStringN(data, C.int(length))
	}
	var line, column C.int32_t
	C.tenon_error_get_position(given, &line, &column)
	var length C.size_t
	report := C.tenon_error_get_report(given, &length)
	e := &Error{
		Code:    Code(C.tenon_error_get_code(given)),
		Message: text(C.TENON_ERROR_MESSAGE),
		Advice:  text(C.TENON_ERROR_ADVICE),
		Domain:  text(C.TENON_ERROR_DOMAIN),
		Where: Where{
			File: text(C.TENON_ERROR_FILE), Line: int(line), Column: int(column),
			Node: text(C.TENON_ERROR_NODE), Operand: text(C.TENON_ERROR_OPERAND), Plugin: text(C.TENON_ERROR_PLUGIN),
		},
		report: C.GoStringN(report, C.int(length)),
	}
	var key, value *C.char
	for index := C.size_t(0); C.tenon_error_get_payload(given, index, &key, &value) != 0; index++ {
		if e.Payload == nil {
			e.Payload = map[string]string{}
		}
		e.Payload[C.GoString(key)] = C.GoString(value)
	}
	if cause := C.tenon_error_get_cause(given); cause != nil {
		e.Cause = copyError(cause)
	}
	return e
}

// chars lends a Go string's bytes to one call.
func chars(text string) (*C.char, C.size_t) {
	if text == "" {
		return nil, 0
	}
	bytes := []byte(text)
	return (*C.char)(unsafe.Pointer(&bytes[0])), C.size_t(len(bytes))
}

// take copies a blob that a call made, and releases it.
func take(blob *C.tenon_blob) []byte {
	defer C.tenon_blob_release(blob)
	var length C.size_t
	data := C.tenon_blob_get_data(blob, &length)
	return C.GoBytes(unsafe.Pointer(data), C.int(length))
}

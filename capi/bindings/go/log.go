package tenon

/*
#include <stddef.h>
#include <stdint.h>
*/
import "C"

import "runtime/cgo"

// LogLevel says how much a line of the log matters.
type LogLevel int32

// The levels of tenon/plugin.h.
const (
	LogError   LogLevel = 1
	LogWarning LogLevel = 2
	LogInfo    LogLevel = 3
	LogDebug   LogLevel = 4
)

// LogFunc gets the lines of a context's log. category: "loader", "plan" or a plugin's name. It is called from any thread.
type LogFunc func(level LogLevel, category, text string)

//export tenonGoLog
func tenonGoLog(handle C.uintptr_t, level C.int32_t, category, text *C.char, length C.size_t) {
	log := cgo.Handle(handle).Value().(LogFunc)
	log(LogLevel(level), C.GoString(category), C.GoStringN(text, C.int(length)))
}

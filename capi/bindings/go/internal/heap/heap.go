// Package heap counts what C code holds, for tests of leaks.
package heap

/*
#include <malloc.h>
#include <stddef.h>

// All arenas, and what is mapped.
static size_t in_use(void) {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}
*/
import "C"

// InUse is how many bytes malloc has given out and not got back.
func InUse() int { return int(C.in_use()) }

/* Sets FTZ and DAZ in a static initialiser, as a link with -ffast-math does. */
#include "fp.h"
#include "zoo.h"

__attribute__((constructor)) static void flush(void) { ZOO_FLUSH_DENORMALS(); }

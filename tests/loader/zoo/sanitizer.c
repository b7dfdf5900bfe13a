/* Built with another sanitizer than the host. */
#define ZOO_SANITIZER (TENON_SANITIZER_HERE == TENON_SANITIZER_ADDRESS ? TENON_SANITIZER_NONE : TENON_SANITIZER_ADDRESS)
#include "zoo.h"

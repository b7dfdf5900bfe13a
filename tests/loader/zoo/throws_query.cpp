// Throws through the query.
#include <stdexcept>
[[noreturn]] static void zoo_throw() { throw std::runtime_error("thrown by the query"); }
#define ZOO_IN_QUERY zoo_throw()
#include "zoo.h"

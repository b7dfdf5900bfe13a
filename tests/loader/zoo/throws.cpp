// Throws through infer: the plugin should have fenced it, the host does.
#include <stdexcept>
[[noreturn]] static void zoo_throw() { throw std::runtime_error("thrown by infer"); }
#define ZOO_IN_INFER zoo_throw()
#include "zoo.h"

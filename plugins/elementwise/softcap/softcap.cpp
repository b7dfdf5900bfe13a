// Kernels for softcap, an operator of tenon.attention.
#include "plugins/elementwise/kernels/kernel.h"

using namespace tenon::plugin;
using namespace tenon::elementwise;
TENON_OPERATOR(softcap) = Operator("tenon.softcap").kernels_only().kernels(kKernels<Fn::Softcap, With::Cap>);

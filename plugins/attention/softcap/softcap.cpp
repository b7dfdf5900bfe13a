#include "plugins/attention/compose.h"

namespace tenon::attention {
namespace {

using namespace plugin;

void infer(const Node& node) {
  const Type input = node.operand(0);
  check_cap(node, "cap", input.dtype);
  node.set_result(0, input);
}

void lower(Builder& b) {
  const tenon_dtype dtype = b.node().operand(0).dtype;
  b.finish({b.convert(capped(b, b.convert(b.operand(0), wide(dtype)), b.node().real("cap")), dtype)});
}

}  // namespace
}  // namespace tenon::attention

using namespace tenon::plugin;
TENON_OPERATOR(softcap) = Operator("softcap").infer<tenon::attention::infer>().lower<tenon::attention::lower>();

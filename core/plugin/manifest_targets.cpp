// `targets` of an operator: how each consumer knows it.
#include "core/op/carrier_yaml.h"
#include "core/plugin/manifest.h"

namespace tenon::manifest_internal {

Result<CarrierForm> read_carrier(const Context& context, const yaml::Node::Entry& entry, const OpSchema& schema) {
  return parse_carrier_form(context.document, entry.value, entry.key,
                            {&schema, [&](yaml::Reader& reader) { return context.finish(reader); }});
}

}  // namespace tenon::manifest_internal

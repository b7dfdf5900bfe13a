// Proof that kernels compute what lowerings mean.
#include <algorithm>

#include "core/base/files.h"
#include "core/graphfile/graphfile.h"
#include "core/pipeline/verify_case.h"

namespace tenon {
namespace {

struct Totals {
  std::uint32_t passed = 0, failed = 0, drawn = 0, refused = 0;

  void count(const CaseOutcome& outcome) { ++(outcome.kind == CaseOutcome::Kind::Failed ? failed : passed); }
  void write(JsonWriter& json) const {
    json.field("passed", passed).field("failed", failed).field("drawn", drawn).field("refused", refused);
  }
};

// NAME.cases.yaml beside NAME.so; a plugin without one has no cases of its own.
Result<std::vector<OperatorCase>> cases_of(const OpDef& op) {
  std::string path = op.provider->origin();
  if (!path.ends_with(".so")) return std::vector<OperatorCase>();
  path.replace(path.size() - 3, 3, ".cases.yaml");
  Result<std::string> text = read_text_file(path, yaml::kManifestLimits.bytes);
  if (!text.ok()) {
    if (text.error().code == Code::NotFound) return std::vector<OperatorCase>();
    return text.take_error();
  }
  TENON_ASSIGN(std::vector<OperatorCase> all, parse_cases(*std::move(text), path));
  std::erase_if(all, [&](const OperatorCase& c) { return fold_name(c.op) != fold_name(op.schema.name); });
  return all;
}

std::vector<DType> dtypes_of(const OpSchema& schema) {
  if (!schema.dtypes.empty()) return schema.dtypes;
  if (!schema.operands.empty()) return schema.operands.front().dtypes;
  return {DType::F32};
}

// A seed per row that depends on the case and not on what else runs.
std::uint64_t row_seed(std::uint64_t seed, std::string_view name, DType dtype) {
  std::uint64_t hash = 0xcbf29ce484222325u ^ seed;
  for (char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return hash ^ static_cast<std::uint64_t>(dtype) << 56;
}

// Named cases to vary: those of the dtype, else those of others, of which inference may refuse what does not fit.
std::vector<const OperatorCase*> bases_for(const std::vector<OperatorCase>& named, DType dtype) {
  std::vector<const OperatorCase*> exact, any;
  for (const OperatorCase& test : named) {
    if (!test.error.empty() || test.layout == CaseLayout::InPlace) continue;
    any.push_back(&test);
    if (test.dtypes.empty() || std::find(test.dtypes.begin(), test.dtypes.end(), dtype) != test.dtypes.end()) exact.push_back(&test);
  }
  return exact.empty() ? any : exact;
}

// Half of them drawn from the schema, half varied from the named cases that the operator takes.
void run_random(Context& context, const OpDef& op, const std::vector<OperatorCase>& named, const std::vector<DType>& dtypes,
                const VerifyOptions& options, Totals& totals, JsonWriter& json) {
  Random random(options.seed ^ 0x7465'6e6f'6eu);
  for (std::uint32_t i = 0; i < options.random_cases && !dtypes.empty(); ++i) {
    const DType dtype = dtypes[i % dtypes.size()];
    const std::vector<const OperatorCase*> bases = bases_for(named, dtype);
    // What the schema cannot say is refused by inference; a schema that refuses 200 in a row cannot be drawn from.
    for (int attempt = 0; attempt < 200; ++attempt) {
      const bool vary = !bases.empty() && random.chance(50);
      OperatorCase test = vary ? vary_case(*bases[random.next() % bases.size()], random) : draw_case(op.schema, dtype, random);
      test.name = cat("random_", i);
      const CaseOutcome outcome = run_case(context, op, test, dtype, {random.next(), true, options.export_folder});
      if (outcome.kind == CaseOutcome::Kind::Refused) {
        ++totals.refused;
        continue;
      }
      ++totals.drawn;
      totals.count(outcome);
      write_row(json, op.schema.full_name(), test.name, dtype, outcome);
      break;
    }
  }
}

}  // namespace

Result<VerifyReport> verify_operator(Context& context, std::string_view name, const VerifyOptions& options) {
  TENON_ASSIGN(const OpDef* op, context.registry().require(name));
  TENON_ASSIGN(std::vector<OperatorCase> cases, cases_of(*op));
  const auto wanted = [&](DType dtype) { return options.dtype.empty() || tenon::name(dtype) == options.dtype; };
  std::vector<DType> dtypes = dtypes_of(op->schema);
  std::erase_if(dtypes, [&](DType dtype) { return !wanted(dtype); });

  Totals totals;
  JsonWriter json;
  json.begin_object().field("tenon", TENON_VERSION_TEXT).field("op", op->schema.full_name()).field("seed", options.seed);
  json.field("level", context.environment().machine.level);
  json.key("rows").begin_array();
  for (const OperatorCase& test : cases) {
    for (DType dtype : test.dtypes.empty() ? dtypes_of(op->schema) : test.dtypes) {
      if (!wanted(dtype)) continue;
      const CaseOutcome outcome =
          run_case(context, *op, test, dtype, {row_seed(options.seed, test.name, dtype), false, options.export_folder});
      totals.count(outcome);
      write_row(json, op->schema.full_name(), test.name, dtype, outcome);
    }
  }
  // Without cases of its own an operator is still verified: ten drawn ones.
  VerifyOptions drawn = options;
  if (cases.empty() && drawn.random_cases == 0) drawn.random_cases = 10;
  run_random(context, *op, cases, dtypes, drawn, totals, json);
  json.end_array();
  if (totals.passed + totals.failed == 0)
    return fail(Code::FailedPrecondition, "[", op->schema.name, "] nothing was verified", options.dtype.empty() ? "" : " for dtype ",
                options.dtype)
        .advise("give --cases N to draw random cases, or another dtype");
  totals.write(json);
  json.end_object();
  return VerifyReport{json.take(), totals.failed};
}

Result<VerifyReport> verify_graph(Context& context, const Graph& graph, const ParamArchive* params, const VerifyOptions& options) {
  // The interpreter's value of every operand of every needed node, from one run of the whole graph.
  const std::vector<std::uint32_t> needed = graph.needed_nodes();
  Graph exposed = graph;
  std::vector<GraphValueId> wanted;
  std::vector<bool> seen(graph.values().size(), false);
  for (std::uint32_t index : needed)
    for (GraphValueId id : graph.nodes()[index].operands)
      if (id != kAbsent && !seen[id]) {
        seen[id] = true;
        wanted.push_back(id);
        TENON_TRY(exposed.add_output(cat("operand ", id), id));
      }
  TENON_ASSIGN(std::unique_ptr<Program> reference, compile(exposed, context, params, {.reference = true}));
  std::vector<Tensor> inputs, outputs;
  std::vector<TensorView> in, out;
  for (const GraphInput& input : exposed.inputs()) {
    TENON_ASSIGN(inputs.emplace_back(), Tensor::zeros(exposed.value(input.value).type));
    Random random(options.seed + inputs.size() - 1);
    fill_input(context.registry(), exposed, input.value, inputs.back(), random, ValueClass::Normal);
  }
  for (const NamedType& output : reference->plan().outputs) {
    TENON_ASSIGN(outputs.emplace_back(), Tensor::zeros(output.type));
  }
  for (const Tensor& tensor : inputs) in.push_back(tensor.view());
  for (const Tensor& tensor : outputs) out.push_back(tensor.view());
  TENON_TRY(reference->run(in, out));

  Totals totals;
  JsonWriter json;
  json.begin_object().field("tenon", TENON_VERSION_TEXT).field("graph", graph.name()).field("seed", options.seed);
  json.field("level", context.environment().machine.level);
  json.key("rows").begin_array();
  const std::size_t first = graph.outputs().size();
  for (std::uint32_t index : needed) {
    const Node& node = graph.nodes()[index];
    TENON_ASSIGN(const OpDef* op, context.registry().require(node.op));
    Graph single(node.name);
    NodeRequest request{.name = node.name, .op = node.op};
    std::vector<Tensor> values;
    for (std::size_t i = 0; i < node.operands.size(); ++i) {
      const GraphValueId id = node.operands[i];
      if (id == kAbsent) {
        request.operands.push_back(kAbsent);
        continue;
      }
      const auto position = static_cast<std::size_t>(std::find(wanted.begin(), wanted.end(), id) - wanted.begin());
      values.push_back(outputs[first + position].clone());
      TENON_ASSIGN(const GraphValueId value, single.add_input(cat("operand_", i), values.back().type()));
      request.operands.push_back(value);
    }
    for (const NamedAttr& attr : node.attributes)
      if (!attr.defaulted) request.attributes.push_back(attr);
    TENON_ASSIGN(const std::uint32_t added, add_node(single, context.registry(), context.environment(), request));
    for (GraphValueId id : single.nodes()[added].results)
      if (id != kAbsent) TENON_TRY(single.add_output(single.value_name(id), id));
    const CaseOutcome outcome = compare_graph(context, single, op->schema, values, CaseLayout::Compact, Tolerance::of(op->schema.numerics));
    totals.count(outcome);
    write_row(json, op->schema.full_name(), node.name, values.empty() ? DType::F32 : values.front().type().dtype, outcome);
  }
  json.end_array();
  totals.write(json);
  json.end_object();
  return VerifyReport{json.take(), totals.failed};
}

}  // namespace tenon

#include "core/pipeline/verify_case.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/graphfile/graphfile.h"
#include "core/pipeline/compare.h"
#include "core/pipeline/export_case.h"
#include "core/type/convert.h"

namespace tenon {
namespace {

// Inputs laid out as the case asks: every element apart by a step, or at an odd address. Owns the memory behind the views.
class LaidOut {
 public:
  Result<TensorView> view(const Tensor& tensor, CaseLayout layout) {
    const TensorType& type = tensor.type();
    if (layout == CaseLayout::Compact || layout == CaseLayout::InPlace || type.elements() == 0) return tensor.view();
    const std::size_t size = storage_size(type.dtype);
    dims_.push_back(std::make_unique<Dims>(type.dims));
    strides_.push_back(std::make_unique<Dims>(compact_strides(type.dims)));
    std::int64_t step = 1;
    if (layout == CaseLayout::Strided) {
      // Rows three elements longer than needed, and every element two apart.
      step = 2;
      for (std::size_t i = 0; i < strides_.back()->size(); ++i)
        (*strides_.back())[i] = (*strides_.back())[i] * step + (i + 1 < strides_.back()->size() ? 3 * (*strides_.back())[i] : 0);
    }
    std::int64_t reach = 1;
    for (std::size_t i = 0; i < type.dims.size(); ++i) reach += (type.dims[i] - 1) * (*strides_.back())[i];
    memory_.push_back(std::make_unique<std::byte[]>(static_cast<std::size_t>(reach) * size + 1));
    std::byte* data = memory_.back().get() + (layout == CaseLayout::Misaligned ? 1 : 0);
    const TensorView view{data, type.dtype, *dims_.back(), *strides_.back()};
    copy_strided(tensor.view(), view);
    return view;
  }

 private:
  std::vector<std::unique_ptr<Dims>> dims_, strides_;
  std::vector<std::unique_ptr<std::byte[]>> memory_;
};

Result<std::vector<Tensor>> make_outputs(const Plan& plan) {
  std::vector<Tensor> outputs;
  for (const NamedType& output : plan.outputs) {
    TENON_ASSIGN(outputs.emplace_back(), Tensor::zeros(output.type));
  }
  return outputs;
}

Status run_program(const Program& program, const std::vector<Tensor>& inputs, CaseLayout layout, std::vector<Tensor>& outputs) {
  LaidOut memory;
  std::vector<Tensor> copies;  // in place: the output is the first input of its type
  std::vector<TensorView> in, out;
  for (const Tensor& input : inputs) {
    TENON_ASSIGN(in.emplace_back(), memory.view(input, layout));
  }
  for (Tensor& output : outputs) out.push_back(output.view());
  if (layout == CaseLayout::InPlace) {
    copies.reserve(inputs.size());
    for (const Tensor& input : inputs) copies.push_back(input.clone());
    for (std::size_t i = 0; i < copies.size(); ++i) in[i] = copies[i].view();
    for (std::size_t i = 0; i < copies.size(); ++i)
      if (copies[i].type() == outputs.front().type()) {
        out.front() = in[i];
        TENON_TRY(program.run(in, out));
        copy_strided(out.front(), outputs.front().view());
        return {};
      }
    return fail(Code::InvalidArgument, "layout in-place: no input has the type of the first result");
  }
  return program.run(in, out);
}

// The name and level of the first kernel step, or "interpreter".
void name_kernel(const Plan& plan, CaseOutcome& outcome) {
  outcome.kernel = "interpreter";
  for (const Step& step : plan.steps) {
    if (step.kernel == nullptr) continue;
    const tenon_kernel& kernel = step.kernel->kernel();
    outcome.kernel = std::string(kernel.name, kernel.name_length);
    if (kernel.level != nullptr) outcome.level = std::string(kernel.level, kernel.level_length);
    return;
  }
}

Status compare_programs(Context& context, const Graph& graph, const OpSchema& schema, const std::vector<Tensor>& inputs, CaseLayout layout,
                        const Tolerance& tolerance, CaseOutcome& outcome, std::vector<Tensor>& want) {
  TENON_ASSIGN(std::unique_ptr<Program> reference, compile(graph, context, nullptr, {.reference = true}));
  TENON_ASSIGN(want, make_outputs(reference->plan()));
  TENON_TRY(run_program(*reference, inputs, CaseLayout::Compact, want));
  TENON_ASSIGN(std::unique_ptr<Program> fast, compile(graph, context, nullptr, {}));
  name_kernel(fast->plan(), outcome);
  TENON_ASSIGN(std::vector<Tensor> got, make_outputs(fast->plan()));
  TENON_TRY(run_program(*fast, inputs, layout, got));
  std::vector<std::vector<double>> slack;
  if (outcome.kernel != "interpreter") {
    TENON_ASSIGN(slack, slack_of(context, graph, schema, inputs, want, tolerance));
  }
  for (std::size_t i = 0; i < got.size(); ++i) {
    const Difference difference = compare(got[i], want[i], slack.empty() ? std::span<const double>() : slack[i]);
    const double limit = tolerance.ulp_for(got[i].type().dtype);
    outcome.bound = std::max(outcome.bound, limit);
    outcome.max_ulp = std::max(outcome.max_ulp, difference.max_ulp);
    if (!(difference.max_ulp <= limit))
      return fail(Code::DataLoss, fast->plan().outputs[i].name, "[", difference.worst, "]: got ", difference.got, ", the lowering gives ",
                  difference.want, ": ", difference.max_ulp, " ulp apart",
                  slack.empty() ? "" : cat(" beyond ", slack[i][static_cast<std::size_t>(difference.worst)]), ", the bound is ", limit);
  }
  return {};
}

}  // namespace

CaseOutcome compare_graph(Context& context, const Graph& graph, const OpSchema& schema, const std::vector<Tensor>& inputs,
                          CaseLayout layout, const Tolerance& tolerance) {
  CaseOutcome outcome;
  std::vector<Tensor> want;
  Status done = compare_programs(context, graph, schema, inputs, layout, tolerance, outcome, want);
  if (!done.ok()) {
    outcome.kind = CaseOutcome::Kind::Failed;
    outcome.message = done.error().message;
  } else if (outcome.kernel == "interpreter") {
    outcome.kind = CaseOutcome::Kind::NoKernel;
  }
  return outcome;
}

namespace {

Result<Graph> build_graph(Context& context, const OpDef& op, const OperatorCase& test, DType dtype) {
  Graph graph(cat(op.schema.name, ".", test.name.empty() ? "case" : test.name));
  NodeRequest request{.name = "node", .op = op.schema.full_name(), .attributes = test.attributes};
  int number = 0;
  for (const CaseOperand& operand : test.operands) {
    TensorType type = operand.type;
    if (type.dtype == DType::Invalid) type.dtype = dtype;
    const std::string name = graph.name_taken(operand.name) ? cat(operand.name, "_", ++number) : operand.name;
    TENON_ASSIGN(const GraphValueId value, graph.add_input(name, std::move(type)));
    request.named_operands.emplace_back(operand.name, value);
  }
  TENON_ASSIGN(const std::uint32_t index, add_node(graph, context.registry(), context.environment(), request));
  const Node& node = graph.nodes()[index];
  for (std::size_t i = 0; i < node.results.size(); ++i)
    if (node.results[i] != kAbsent) TENON_TRY(graph.add_output(op.schema.result_name(i), node.results[i]));
  return graph;
}

// Where operators take an input for indices that they check: the smallest size that they point into.
std::optional<std::int64_t> indexed_size(const Registry& registry, const Graph& graph, GraphValueId value) {
  std::optional<std::int64_t> size;
  for (const Node& node : graph.nodes()) {
    const OpDef* op = registry.find(node.op);
    if (op == nullptr) continue;
    tenon_node use;
    use.attributes = node.attributes;
    for (const GraphValueId id : node.operands)
      use.operands.push_back(id == kAbsent ? std::nullopt : std::optional<TensorType>(graph.value(id).type));
    for (const IndexCheck& check : index_checks(op->schema, use))
      for (const std::int64_t limit : check.sizes)
        if (node.operands[check.slot] == value) size = std::min(limit, size.value_or(limit));
  }
  return size;
}

}  // namespace

void fill_input(const Registry& registry, const Graph& graph, GraphValueId value, Tensor& tensor, Random& random, ValueClass values) {
  const std::optional<std::int64_t> size = indexed_size(registry, graph, value);
  if (!size) return fill(tensor, random, values);
  const DType dtype = tensor.type().dtype;
  for (std::int64_t i = 0; *size > 0 && i < tensor.type().elements(); ++i)
    store_i64(dtype, tensor.data() + static_cast<std::size_t>(i) * storage_size(dtype),
              random.between(is_signed(dtype) ? -*size : 0, *size - 1));
}

namespace {

Result<std::vector<Tensor>> make_inputs(const Registry& registry, const Graph& graph, const OperatorCase& test,
                                        const CaseOptions& options) {
  Random random(options.seed);
  std::vector<Tensor> inputs;
  for (const GraphInput& input : graph.inputs()) {
    TENON_ASSIGN(Tensor tensor, Tensor::zeros(graph.value(input.value).type));
    const auto given = std::find_if(test.data.begin(), test.data.end(), [&](const auto& d) { return d.first == input.name; });
    // A varied case has other sizes than the one that its values were written for: indices are drawn anew.
    if (given == test.data.end() || (options.drawn && indexed_size(registry, graph, input.value))) {
      fill_input(registry, graph, input.value, tensor, random, test.values);
    } else {
      if (given->second.type().elements() != tensor.type().elements())
        return fail(Code::InvalidArgument, "case ", test.name, ": data of ", input.name, " has ", given->second.type().elements(),
                    " values for ", to_string(tensor.type()));
      const std::size_t size = storage_size(tensor.type().dtype);
      for (std::int64_t i = 0; i < tensor.type().elements(); ++i)
        store_f64(tensor.type().dtype, tensor.data() + static_cast<std::size_t>(i) * size, given->second.f64(i));
    }
    inputs.push_back(std::move(tensor));
  }
  return inputs;
}

// Values written into the case by hand: what the formula gives, rounded to the dtype.
Status check_expected(const Graph& graph, const OperatorCase& test, const std::vector<Tensor>& got, const Tolerance& tolerance) {
  for (const auto& expected : test.expected) {
    const std::string& name = expected.first;  // not a structured binding: clang 14 does not capture those
    const Tensor& values = expected.second;
    const auto output = std::find_if(graph.outputs().begin(), graph.outputs().end(), [&](const GraphOutput& o) { return o.name == name; });
    if (output == graph.outputs().end())
      return fail(Code::InvalidArgument, "case ", test.name, " expects a result ", name, " that is not there");
    const Tensor& tensor = got[static_cast<std::size_t>(output - graph.outputs().begin())];
    if (tensor.type().elements() != values.type().elements())
      return fail(Code::DataLoss, name, " has ", tensor.type().elements(), " elements, the case expects ", values.type().elements());
    TENON_ASSIGN(Tensor want, Tensor::zeros(tensor.type()));
    const std::size_t size = storage_size(want.type().dtype);
    for (std::int64_t i = 0; i < want.type().elements(); ++i)
      store_f64(want.type().dtype, want.data() + static_cast<std::size_t>(i) * size, values.f64(i));
    const Difference difference = compare(tensor, want);
    const double limit = tolerance.ulp_for(tensor.type().dtype);
    if (!(difference.max_ulp <= limit))
      return fail(Code::DataLoss, name, "[", difference.worst, "] is ", difference.got, ", the case expects ", difference.want, ": ",
                  difference.max_ulp, " ulp apart, the bound is ", limit);
  }
  return {};
}

constexpr std::int64_t kDrawnElements = 1 << 16;

bool matches(const Error& error, const std::string& expected) {
  return code_name(error.raw_code) == expected || error.message.find(expected) != std::string::npos;
}

// Why a drawn case is not tried; empty: it is. Attributes, and operands together (a gather has the sizes of both), can ask for a result of
// any size; and no index points into an empty dimension.
std::string not_tried(const Registry& registry, const Graph& graph) {
  for (const GraphValue& value : graph.values()) {
    double elements = 1;
    for (std::int64_t dim : value.type.dims) elements *= static_cast<double>(dim);
    if (elements > kDrawnElements) return "too large to try";
  }
  for (const GraphInput& input : graph.inputs())
    if (graph.value(input.value).type.elements() > 0 && indexed_size(registry, graph, input.value) == 0) return "indices into nothing";
  return {};
}

}  // namespace

CaseOutcome run_case(Context& context, const OpDef& op, const OperatorCase& test, DType dtype, const CaseOptions& options) {
  CaseOutcome outcome;
  const auto failed = [&](std::string message) {
    outcome.kind = CaseOutcome::Kind::Failed;
    outcome.message = std::move(message);
    return outcome;
  };
  Result<Graph> graph = build_graph(context, op, test, dtype);
  if (!graph.ok()) {
    if (options.drawn)
      outcome.kind = CaseOutcome::Kind::Refused;
    else if (!test.error.empty() && matches(graph.error(), test.error))
      outcome.kind = CaseOutcome::Kind::ExpectedError;
    else
      return failed(test.error.empty()
                        ? graph.error().message
                        : cat("expected the error ", test.error, ", got ", code_name(graph.error().raw_code), ": ", graph.error().message));
    outcome.message = graph.error().message;
    return outcome;
  }
  if (!test.error.empty()) return failed(cat("expected the error ", test.error, ", but the node was accepted"));
  if (options.drawn) outcome.message = not_tried(context.registry(), *graph);
  if (!outcome.message.empty()) {
    outcome.kind = CaseOutcome::Kind::Refused;
    return outcome;
  }
  Result<std::vector<Tensor>> inputs = make_inputs(context.registry(), *graph, test, options);
  if (!inputs.ok()) return failed(inputs.error().message);
  if (!options.export_folder.empty()) {
    const Status written = export_case(context, *graph, test, dtype, *inputs, options.export_folder);
    if (!written.ok()) return failed(cat("export: ", written.error().message));
  }

  Tolerance tolerance = Tolerance::of(op.schema.numerics);
  if (test.max_ulp) tolerance.ulp = tolerance.ulp_16 = *test.max_ulp;
  std::vector<Tensor> want;
  Status done = compare_programs(context, *graph, op.schema, *inputs, test.layout, tolerance, outcome, want);
  if (done.ok()) done = check_expected(*graph, test, want, tolerance);
  if (!done.ok()) {
    Result<std::string> yaml = graph_to_yaml(*graph, context.registry());
    if (yaml.ok()) outcome.reproduce = *std::move(yaml);
    return failed(done.error().message);
  }
  if (outcome.kernel == "interpreter") outcome.kind = CaseOutcome::Kind::NoKernel;
  return outcome;
}

void write_row(JsonWriter& json, std::string_view op, std::string_view name, DType dtype, const CaseOutcome& outcome) {
  constexpr std::string_view kStatus[] = {"ok", "no kernel", "error as expected", "refused", "failed"};
  json.begin_object();
  json.field("op", op).field("case", name).field("dtype", tenon::name(dtype));
  json.field("kernel", outcome.kernel).field("level", outcome.level);
  json.field("status", kStatus[static_cast<int>(outcome.kind)]);
  json.field("max_ulp", outcome.max_ulp).field("bound", outcome.bound);
  json.field("message", outcome.message);
  if (!outcome.reproduce.empty()) json.field("graph", outcome.reproduce);
  json.end_object();
}

}  // namespace tenon

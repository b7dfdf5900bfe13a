#include <array>

#include "capi/src/handles.h"

namespace {

using namespace tenon;        // NOLINT: the entry points below are C
using namespace tenon::capi;  // NOLINT

// The views of one run, without the heap for programs of ordinary width: tenon_program_run allocates nothing in the steady state.
class Views {
 public:
  Status read(const tenon_tensor_view* views, std::size_t count, const std::vector<NamedType>& expected, std::string_view what,
              bool writable) {
    if (count != expected.size()) return fail(Code::InvalidArgument, "the program has ", expected.size(), " ", what, "s, got ", count);
    if (count > 0 && views == nullptr) return fail(Code::InvalidArgument, what, "s is NULL");
    count_ = count;
    if (count > kInline) more_.resize(count), more_strides_.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
      TENON_TRY(read_one(views[i], expected[i], what, writable, i));
    }
    return {};
  }
  std::span<const TensorView> span() const { return {count_ > kInline ? more_.data() : inline_.views, count_}; }

 private:
  static constexpr std::size_t kInline = 16;

  Status read_one(const tenon_tensor_view& given, const NamedType& expected, std::string_view what, bool writable, std::size_t i) {
    // The checks of tensor_view(), on the expected type, without building a type: what is right allocates nothing.
    const bool same_type =
        given.dtype == static_cast<tenon_dtype>(expected.type.dtype) && given.rank == expected.type.rank() &&
        (given.rank == 0 || (given.dims != nullptr && std::equal(expected.type.dims.begin(), expected.type.dims.end(), given.dims)));
    if (!same_type || (given.flags & ~TENON_TENSOR_READ_ONLY) != 0 || given.reserved0 != 0) {
      Dims storage;
      TENON_ASSIGN(TensorView checked, tensor_view(given, storage, expected.name));
      if (!same_type)
        return fail(Code::InvalidArgument, what, " ", expected.name, ": expected ", to_string(expected.type), ", got ",
                    to_string(TensorType{checked.dtype, Dims(checked.dims.begin(), checked.dims.end())}))
            .operand(expected.name);
    } else if (given.data == nullptr && expected.type.elements() > 0) {
      return fail(Code::InvalidArgument, what, " ", expected.name, " has no data").operand(expected.name);
    } else if (given.strides != nullptr) {
      TENON_TRY(check_reach(given, expected.name));
    }
    if (writable && (given.flags & TENON_TENSOR_READ_ONLY) != 0)
      return fail(Code::InvalidArgument, what, " ", expected.name, " is read-only").operand(expected.name);
    const auto rank = static_cast<std::size_t>(given.rank);
    std::array<std::int64_t, kMaxRank>& strides = count_ > kInline ? more_strides_[i] : inline_strides_[i];
    std::int64_t step = 1;
    for (std::size_t d = rank; d-- > 0;) {
      strides[d] = given.strides != nullptr ? given.strides[d] : step;
      step *= std::max<std::int64_t>(expected.type.dims[d], 1);
    }
    std::construct_at(
        count_ > kInline ? more_.data() + i : inline_.views + i,
        TensorView{static_cast<std::byte*>(given.data), expected.type.dtype, {expected.type.dims.data(), rank}, {strides.data(), rank}});
    return {};
  }

  std::size_t count_ = 0;
  // Not initialised: clearing what most programs do not use takes longer than a small kernel.
  union Inline {
    Inline() {}  // NOLINT: that is the point
    TensorView views[kInline];
  } inline_;
  std::array<std::array<std::int64_t, kMaxRank>, kInline> inline_strides_;
  std::vector<TensorView> more_;
  std::vector<std::array<std::int64_t, kMaxRank>> more_strides_;
};

Status get_named(const std::vector<NamedType>& list, std::size_t index, std::string_view what, const char** name, std::size_t* length,
                 tenon_type_view* type) {
  if (index >= list.size()) return fail(Code::OutOfRange, what, " ", index, " of ", list.size());
  if (name != nullptr) *name = list[index].name.c_str();
  if (length != nullptr) *length = list[index].name.size();
  if (type != nullptr) *type = type_view(list[index].type);
  return {};
}

const std::vector<NamedType>& inputs_of(const tenon_program& program) {
  return program.program == nullptr ? program.graph->inputs() : program.program->plan().inputs;
}
const std::vector<NamedType>& outputs_of(const tenon_program& program) {
  return program.program == nullptr ? program.graph->outputs() : program.program->plan().outputs;
}

Result<const Program*> bound_program(const tenon_program& program) {
  if (program.program != nullptr) return program.program.get();
  return fail(Code::FailedPrecondition, "the program's sizes are dynamic: its steps follow from the inputs' sizes")
      .advise("bind the sizes first: tenon_program_bind");
}

// The program for the sizes of the inputs that a run was given.
Result<std::shared_ptr<const Program>> bind_to(const tenon_program& program, const tenon_tensor_view* inputs, std::size_t count) {
  if (count > 0 && inputs == nullptr) return fail(Code::InvalidArgument, "inputs is NULL");
  std::vector<TensorType> types;
  for (std::size_t i = 0; i < count; ++i) {
    Dims storage;
    const std::vector<NamedType>& declared = program.graph->inputs();
    TENON_ASSIGN(const TensorView view, tensor_view(inputs[i], storage, i < declared.size() ? declared[i].name : "input"));
    types.push_back({view.dtype, Dims(view.dims.begin(), view.dims.end())});
  }
  return program.graph->bind(types);
}

}  // namespace

extern "C" {

int32_t tenon_graph_compile(const tenon_graph* graph, const tenon_program_options* options, tenon_program** out, tenon_error** error) {
  return fenced(error, [&]() -> Status {
    TENON_CHECK_ARGUMENT(graph);
    TENON_CHECK_ARGUMENT(out);
    tenon_program_options given = TENON_PROGRAM_OPTIONS_INIT;
    TENON_TRY(receive_options(given, options, TENON_KIND_PROGRAM_OPTIONS));
    constexpr std::uint32_t kKnown = TENON_PROGRAM_REFERENCE | TENON_PROGRAM_STRICT | TENON_PROGRAM_BITWISE | TENON_PROGRAM_TIMELINE;
    if ((given.flags & ~kKnown) != 0) return fail(Code::NotUnderstood, "unknown program flags ", given.flags & ~kKnown);
    if (given.reserved0 != 0) return fail(Code::NotUnderstood, "tenon_program_options.reserved0 is not 0");
    if (!(given.max_ulp >= 0)) return fail(Code::InvalidArgument, "max_ulp must be 0 or more");
    PlanOptions plan;
    plan.reference = (given.flags & TENON_PROGRAM_REFERENCE) != 0;
    plan.strict = (given.flags & TENON_PROGRAM_STRICT) != 0;
    plan.bitwise = (given.flags & TENON_PROGRAM_BITWISE) != 0;
    plan.timeline = (given.flags & TENON_PROGRAM_TIMELINE) != 0;
    if (given.max_ulp > 0) plan.max_ulp = given.max_ulp;
    TENON_ASSIGN(plan.pinned_plugin, text(given.pinned_plugin, given.pinned_plugin_length, "pinned_plugin"));
    TENON_ASSIGN(
        std::shared_ptr<CompiledGraph> compiled,
        CompiledGraph::create(graph->graph, *graph->context->context, given.params == nullptr ? nullptr : &given.params->archive, plan));
    *out = new tenon_program{compiled, compiled->only()};
    return {};
  });
}

int32_t tenon_program_bind(const tenon_program* program, const tenon_type_view* inputs, size_t input_count, tenon_program** out,
                           tenon_error** error) {
  return fenced(error, [&]() -> Status {
    TENON_CHECK_ARGUMENT(program);
    TENON_CHECK_ARGUMENT(out);
    if (input_count > 0) TENON_CHECK_ARGUMENT(inputs);
    std::vector<TensorType> types;
    for (std::size_t i = 0; i < input_count; ++i) {
      TENON_ASSIGN(types.emplace_back(), tensor_type(inputs + i));
    }
    TENON_ASSIGN(std::shared_ptr<const Program> bound, program->graph->bind(types));
    *out = new tenon_program{program->graph, std::move(bound)};
    return {};
  });
}

void tenon_program_destroy(tenon_program* program) { delete program; }

size_t tenon_program_get_input_count(const tenon_program* program) { return program == nullptr ? 0 : inputs_of(*program).size(); }
size_t tenon_program_get_output_count(const tenon_program* program) { return program == nullptr ? 0 : outputs_of(*program).size(); }
size_t tenon_program_get_step_count(const tenon_program* program) {
  return program == nullptr || program->program == nullptr ? 0 : program->program->plan().steps.size();
}

int32_t tenon_program_get_input(const tenon_program* program, size_t index, const char** name, size_t* length, tenon_type_view* type,
                                tenon_error** error) {
  return fenced(error, [&]() -> Status {
    TENON_CHECK_ARGUMENT(program);
    return get_named(inputs_of(*program), index, "input", name, length, type);
  });
}

int32_t tenon_program_get_output(const tenon_program* program, size_t index, const char** name, size_t* length, tenon_type_view* type,
                                 tenon_error** error) {
  return fenced(error, [&]() -> Status {
    TENON_CHECK_ARGUMENT(program);
    return get_named(outputs_of(*program), index, "output", name, length, type);
  });
}

int32_t tenon_program_run(const tenon_program* program, const tenon_tensor_view* inputs, size_t input_count,
                          const tenon_tensor_view* outputs, size_t output_count, const tenon_run_options* options, tenon_error** error) {
  return fenced(error, [&]() -> Status {
    TENON_CHECK_ARGUMENT(program);
    tenon_run_options given = TENON_RUN_OPTIONS_INIT;
    TENON_TRY(receive_options(given, options, TENON_KIND_RUN_OPTIONS));
    std::shared_ptr<const Program> bound;  // keeps it while it runs
    if (program->program == nullptr) {
      TENON_ASSIGN(bound, bind_to(*program, inputs, input_count));
    }
    const Program& core = bound == nullptr ? *program->program : *bound;
    Views in, out;
    TENON_TRY(in.read(inputs, input_count, core.plan().inputs, "input", false));
    TENON_TRY(out.read(outputs, output_count, core.plan().outputs, "output", true));
    RunOptions run;
    run.cancel = given.cancel;
    static_assert(sizeof(StepTime) == sizeof(std::uint64_t));
    if (given.step_nanoseconds != nullptr)
      run.times = {reinterpret_cast<StepTime*>(given.step_nanoseconds), std::min(given.step_capacity, core.plan().steps.size())};
    return core.run(in.span(), out.span(), run);
  });
}

int32_t tenon_program_print(const tenon_program* program, tenon_blob** out, tenon_error** error) {
  return fenced(error, [&]() -> Status {
    TENON_CHECK_ARGUMENT(program);
    TENON_CHECK_ARGUMENT(out);
    TENON_ASSIGN(const Program* bound, bound_program(*program));
    return make_blob(to_text(bound->plan()), out);
  });
}

int32_t tenon_program_report_json(const tenon_program* program, tenon_blob** out, tenon_error** error) {
  return fenced(error, [&]() -> Status {
    TENON_CHECK_ARGUMENT(program);
    TENON_CHECK_ARGUMENT(out);
    TENON_ASSIGN(const Program* bound, bound_program(*program));
    return make_blob(run_report_json(*bound), out);
  });
}

int32_t tenon_program_explain_json(const tenon_program* program, tenon_blob** out, tenon_error** error) {
  return fenced(error, [&]() -> Status {
    TENON_CHECK_ARGUMENT(program);
    TENON_CHECK_ARGUMENT(out);
    TENON_ASSIGN(const Program* bound, bound_program(*program));
    return make_blob(explain_json(*bound), out);
  });
}

}  // extern "C"

// Every struct that a plugin hands to the host, in every size and with every content: never a crash, always a defined code. The plugin is
// linked into this program, and does in each callback what the test at hand says.
#include "tests/abi/struct_fuzz.h"

namespace tenon_test {
namespace {

const char* const kManifest = R"(schema: 1
name: tests.fuzz
version: "1.0"
kind: operators
namespace: fuzz
api: {major: 1, min_minor: 0, built_minor: 0}
threads: concurrent
ops:
- name: same
  version: 1
  operands: [{name: x, type: f32}]
  results: [{name: "y", like: x}]
  infer: same
  kernels: [{name: same, dtypes: [f32]}]
)";

const tenon_host_api* api = nullptr;
// What the callbacks do, and what came of it.
std::function<void(tenon_call*, tenon_builder*)> on_lower;
std::function<void(tenon_call*, tenon_kernel_plan*)> on_plan;
std::function<void(tenon_plugin_info*)> on_query;

extern "C" {
static int32_t fuzz_lower(tenon_call* call, const tenon_operator*, const tenon_node*, tenon_builder* builder) {
  if (on_lower) on_lower(call, builder);
  tenon_hlo_value x = TENON_HLO_NONE;
  const int32_t code = api->build_operand(call, builder, 0, &x);
  return code != TENON_OK ? code : api->build_return(call, builder, &x, 1);
}
static int32_t fuzz_supports(tenon_call*, const tenon_kernel*, const tenon_node*) { return TENON_OK; }
static int32_t fuzz_plan(tenon_call* call, const tenon_kernel*, const tenon_node*, tenon_kernel_plan* out) {
  if (on_plan) on_plan(call, out);
  return TENON_OK;
}
static int32_t fuzz_run(tenon_call*, const tenon_kernel*, const void*, const tenon_tensor_view* operands, size_t,
                        const tenon_tensor_view* results, size_t, void*) {
  std::memcpy(results[0].data, operands[0].data, 3 * sizeof(float));
  return TENON_OK;
}
}

tenon_kernel kernel_table() {
  return {TENON_HEADER_INIT(tenon_kernel, TENON_KIND_KERNEL),
          "same",
          4,
          nullptr,
          0,
          0,
          0,
          nullptr,
          fuzz_supports,
          fuzz_plan,
          fuzz_run,
          nullptr};
}
tenon_operator operator_table() {
  return {TENON_HEADER_INIT(tenon_operator, TENON_KIND_OPERATOR), "same", 4, 1, 0, nullptr, fuzz_lower, nullptr, nullptr, 0, nullptr};
}

// The tables of the next query.
const tenon_kernel* kernels[1];
tenon_operator whole_operator;
const tenon_operator* operators[1];

extern "C" int32_t fuzz_query(const tenon_host_info* host, tenon_plugin_info* out) {
  tenon_plugin_info info = TENON_PLUGIN_INFO_INIT;
  api = host->api;
  info.sanitizer = TENON_SANITIZER_HERE;
  info.name = "tests.fuzz";
  info.name_length = 10;
  info.version = "1.0";
  info.version_length = 3;
  info.operators = operators;
  info.operator_count = 1;
  *out = info;
  if (on_query) on_query(out);
  return TENON_OK;
}

void reset() {
  static const tenon_kernel kernel = kernel_table();
  kernels[0] = &kernel;
  whole_operator = operator_table();
  whole_operator.kernels = kernels;
  whole_operator.kernel_count = 1;
  operators[0] = &whole_operator;
  on_lower = nullptr;
  on_plan = nullptr;
  on_query = nullptr;
}

Owned<tenon_context> plugin_context() {
  tenon_context_options options = TENON_CONTEXT_OPTIONS_INIT;
  options.flags = TENON_CONTEXT_NO_ENV | TENON_CONTEXT_NO_USER_DIR | TENON_CONTEXT_NO_SYSTEM_DIR;
  options.threads = 1;
  options.log = [](void*, std::int32_t, const char*, const char*, std::size_t) {};
  tenon_context* context = nullptr;
  must([&](tenon_error** e) { return tenon_context_create(&options, &context, e); });
  must([&](tenon_error** e) { return tenon_context_add_static_plugin(context, fuzz_query, kManifest, TENON_NUL_TERMINATED, e); });
  return Owned<tenon_context>(context);
}

// A graph of the one operator, for the tests whose plugin loads.
class AbiPluginStructFuzz : public ::testing::Test {
 protected:
  void SetUp() override {
    test_seed();
    reset();
    context_ = plugin_context();
    graph_ = std::make_unique<GraphMaker>(context_.get());
    graph_->output("y", graph_->node("n", "fuzz.same", {graph_->input("x", {3})})[0]);
  }
  void TearDown() override { reset(); }

  // Compiles; the error's text in message.
  std::int32_t compile(std::uint32_t flags, std::string& message) {
    tenon_program_options options = TENON_PROGRAM_OPTIONS_INIT;
    options.flags = flags;
    tenon_program* program = nullptr;
    tenon_error* error = nullptr;
    const std::int32_t code = tenon_graph_compile(graph_->get(), &options, &program, &error);
    EXPECT_TRUE(is_defined_code(code)) << code;
    if (error != nullptr) message = tenon_error_get_text(error, TENON_ERROR_MESSAGE, nullptr);
    tenon_error_release(error);
    tenon_program_destroy(program);
    return code;
  }
  // A call of the builder in `lower`: its code, which must also be the whole's.
  Subject builder_subject(std::string name, std::uint32_t kind, std::vector<unsigned char> bytes,
                          std::function<std::int32_t(tenon_call*, tenon_builder*, const void*)> call) {
    return {std::move(name), kind, std::move(bytes), [this, call = std::move(call)](const void* given, std::string& message) {
              std::int32_t inner = -1;
              on_lower = [&](tenon_call* c, tenon_builder* b) { inner = call(c, b, given); };
              const std::int32_t whole = compile(TENON_PROGRAM_REFERENCE, message);
              EXPECT_EQ(whole, inner) << message;
              return inner;
            }};
  }

  Owned<tenon_context> context_;
  std::unique_ptr<GraphMaker> graph_;
};

TEST_F(AbiPluginStructFuzz, BuilderRequests) {
  static tenon_hlo_value operand = 0;
  tenon_hlo_op op = TENON_HLO_OP_INIT;
  op.name = "negate";
  op.name_length = 6;
  op.operands = &operand;
  op.operand_count = 1;
  HeaderFuzz(builder_subject("tenon_hlo_op", TENON_KIND_HLO_OP, bytes_of(op), [](tenon_call* c, tenon_builder* b, const void* given) {
    tenon_hlo_value result = 0;
    const std::int32_t code = api->build_operand(c, b, 0, &operand);
    return code != TENON_OK ? code : api->build_op(c, b, static_cast<const tenon_hlo_op*>(given), &result, 1, nullptr);
  })).all();
  tenon_operator_use use = TENON_OPERATOR_USE_INIT;
  use.name = "other";
  use.name_length = 5;
  use.operands = &operand;
  use.operand_count = 1;
  // An operator that does not exist: a struct that is understood ends in NOT_FOUND, which this turns into OK.
  const auto call = [](tenon_call* c, tenon_builder* b, const void* given) {
    tenon_hlo_value result = 0;
    const std::int32_t code = api->build_operand(c, b, 0, &operand);
    return code != TENON_OK ? code : api->build_operator(c, b, static_cast<const tenon_operator_use*>(given), &result, 1, nullptr);
  };
  Subject subject = builder_subject("tenon_operator_use", TENON_KIND_OPERATOR_USE, bytes_of(use), call);
  subject.call = [inner = subject.call](const void* given, std::string& message) {
    const std::int32_t code = inner(given, message);
    if (code != TENON_NOT_FOUND) return code;
    message.clear();
    return TENON_OK;
  };
  HeaderFuzz(subject).all();
}

// tenon_machine is filled by the host: at most as many bytes as the plugin's struct has.
TEST_F(AbiPluginStructFuzz, TheMachine) {
  Guarded memory;
  std::mt19937 random(test_seed());
  for (std::uint32_t size = 0; size < sizeof(tenon_machine) + 128; ++size) {
    const std::size_t there = std::max<std::size_t>(size, sizeof(tenon_header));
    unsigned char* at = memory.last(there);
    std::memset(at, 0, there);
    set_header(at, size, TENON_KIND_MACHINE, nullptr);
    std::int32_t code = -1;
    std::uint32_t threads = 77, filled = 0;
    on_lower = [&](tenon_call* c, tenon_builder*) {
      code = api->machine(c, reinterpret_cast<tenon_machine*>(at));
      std::memcpy(&filled, at, sizeof filled);
      if (there >= 20) std::memcpy(&threads, at + offsetof(tenon_machine, threads), sizeof threads);
    };
    std::string message;
    compile(TENON_PROGRAM_REFERENCE, message);
    EXPECT_EQ(code, size < sizeof(tenon_machine) ? TENON_INVALID_ARGUMENT : TENON_OK) << size;
    if (code == TENON_OK) {
      EXPECT_TRUE(threads == 1 && filled <= size && filled >= sizeof(tenon_machine)) << threads << ", " << filled;
    }
  }
}

// Numbers in requests, with pointers that are NULL.
TEST_F(AbiPluginStructFuzz, AnyNumbersInRequests) {
  std::mt19937_64 random(test_seed());
  const std::size_t counts[] = {0, 1, 2, 65536, 1u << 31, SIZE_MAX / 80, SIZE_MAX};
  const auto pick = [&] { return counts[random() % std::size(counts)]; };
  std::set<std::int32_t> codes;
  for (int round = 0; round < 1500; ++round) {
    std::int32_t code = -1;
    on_lower = [&](tenon_call* c, tenon_builder* b) {
      const bool named = random() % 2 != 0;
      tenon_hlo_value result = 0;
      std::size_t count = 0;
      tenon_hlo_op op = TENON_HLO_OP_INIT;
      const char* names[] = {"add", "reduce", "constant", "no_such_operation", "stablehlo.", "\xff"};
      op.name = named ? names[random() % 6] : nullptr;
      op.name_length = named ? std::strlen(op.name) : pick();
      op.operand_count = pick();
      op.attribute_count = pick();
      op.result_type_count = pick();
      tenon_operator_use use = TENON_OPERATOR_USE_INIT;
      use.name = op.name;
      use.name_length = op.name_length;
      use.operand_count = pick();
      use.attribute_count = pick();
      use.carrier = static_cast<std::uint32_t>(random());
      tenon_type_view type{nullptr, static_cast<std::int32_t>(random()), static_cast<tenon_dtype>(random() % 20)};
      const float zero = 0;
      switch (random() % 7) {
        case 0:
          code = api->build_op(c, b, &op, random() % 2 != 0 ? &result : nullptr, random() % 2, &count);
          break;
        case 1:
          code = api->build_operator(c, b, &use, &result, random() % 2, &count);
          break;
        case 2:
          code = api->build_constant(c, b, &type, random() % 2 != 0 ? &zero : nullptr, 4, &result);
          break;
        case 3:
          code = api->build_region_begin(c, b, nullptr, pick(), nullptr);
          break;
        case 4:
          code = api->build_region_end(c, b, nullptr, pick());
          break;
        case 5:
          code = api->build_type(c, b, static_cast<tenon_hlo_value>(random()), &type);
          break;
        default:
          code = api->build_return(c, b, nullptr, pick());
          break;
      }
    };
    std::string message;
    const std::int32_t whole = compile(TENON_PROGRAM_REFERENCE, message);
    EXPECT_TRUE(is_defined_code(code) && is_defined_code(whole)) << code << ", " << whole;
    EXPECT_NE(whole, TENON_INTERNAL) << message;
    codes.insert(code);
  }
  EXPECT_GT(codes.size(), 2u);
}

// What plan() fills in. A plan that cannot be costs the kernel its place; the program runs all the same.
TEST_F(AbiPluginStructFuzz, Plans) {
  std::mt19937_64 random(test_seed());
  const std::int64_t dims[1] = {3};
  int accepted = 0, refused = 0;
  for (int round = 0; round < 2000; ++round) {
    tenon_header extension{sizeof(tenon_header), static_cast<std::uint32_t>(random()), nullptr};
    tenon_header ring{sizeof(tenon_header), 0x4444, &ring};
    bool possible = true;
    on_plan = [&](tenon_call*, tenon_kernel_plan* out) {
      EXPECT_EQ(out->header.struct_size, sizeof(tenon_kernel_plan));
      if (random() % 3 == 0) out->header.struct_size = static_cast<std::uint32_t>(random() % 2 != 0 ? random() % 200 : random());
      if (random() % 4 == 0) out->header.struct_kind = static_cast<std::uint32_t>(random());
      if (random() % 4 == 0) out->header.next = random() % 2 != 0 ? &extension : &ring;
      if (random() % 4 == 0) out->workspace_align = random() % 2 != 0 ? std::size_t{1} << random() % 64 : random();
      if (random() % 4 == 0) out->workspace_bytes = random() % 2 != 0 ? random() % 100000 : SIZE_MAX - random() % 100000;
      if (random() % 3 == 0) out->result0_may_alias = random();
      if (random() % 3 == 0) out->note_length = random();  // without a note
      const std::uint64_t bits = random();
      if (random() % 3 == 0) std::memcpy(&out->bytes, &bits, sizeof bits);
      possible = out->workspace_align <= 4096 && (out->workspace_align & (out->workspace_align - 1)) == 0 && out->workspace_bytes < 100000;
    };
    const Owned<tenon_program> program = graph_->compile();
    ASSERT_NE(program, nullptr);
    tenon_blob* blob = nullptr;
    must([&](tenon_error** e) { return tenon_program_explain_json(program.get(), &blob, e); });
    const std::string explained = tenon_blob_get_data(Owned<tenon_blob>(blob).get(), nullptr);
    EXPECT_EQ(explained.find("the plan asks for") == std::string::npos, possible) << explained;
    ++(possible ? accepted : refused);
    for (const auto report : {tenon_program_print, tenon_program_report_json}) {
      must([&](tenon_error** e) { return report(program.get(), &blob, e); });
      tenon_blob_release(blob);
    }
    float in[3] = {1, 2, 3}, out[3] = {0, 0, 0};
    tenon_tensor_view input = TENON_TENSOR_VIEW_INIT, output;
    input.data = in;
    input.dims = dims;
    input.rank = 1;
    input.dtype = TENON_F32;
    output = input;
    output.data = out;
    must([&](tenon_error** e) { return tenon_program_run(program.get(), &input, 1, &output, 1, nullptr, e); });
    EXPECT_EQ(out[2], 3.0f);
  }
  EXPECT_TRUE(accepted > 100 && refused > 100) << accepted << ", " << refused;
}

// The answer of the query, and the tables behind it: headers of every size and kind, counts and numbers of any value.
TEST(AbiPluginStructFuzzLoad, AnswersAndTables) {
  std::mt19937_64 random(test_seed());
  std::set<std::int32_t> codes;
  static tenon_header extension{sizeof(tenon_header), 0x4444, nullptr};
  for (int round = 0; round < 1500; ++round) {
    reset();
    // Each with room behind it for whatever size its header claims.
    auto* kernel_memory = new unsigned char[sizeof(tenon_kernel) + 256]();
    auto* operator_memory = new unsigned char[sizeof(tenon_operator) + 256]();
    tenon_kernel kernel = kernel_table();
    tenon_operator op = operator_table();
    const auto disturb = [&](tenon_header& header, std::size_t size) {
      if (random() % 4 == 0)
        header.struct_size = static_cast<std::uint32_t>(random() % 4 != 0 ? random() % (size + 256) : 65537 + random() % 1000);
      if (random() % 8 == 0) header.struct_kind = static_cast<std::uint32_t>(random());
      if (random() % 4 == 0) {
        extension.struct_kind = static_cast<std::uint32_t>(random());
        header.next = &extension;
      }
    };
    disturb(kernel.header, sizeof kernel);
    disturb(op.header, sizeof op);
    if (random() % 8 == 0) kernel.flags = static_cast<std::uint32_t>(random());
    if (random() % 8 == 0) kernel.reserved0 = static_cast<std::uint32_t>(random());
    if (random() % 8 == 0) kernel.run = nullptr;
    if (random() % 8 == 0) kernel.supports = nullptr;
    if (random() % 8 == 0) kernel.plan = nullptr;
    if (random() % 8 == 0) op.version = static_cast<std::uint32_t>(random());
    if (random() % 8 == 0) op.flags = static_cast<std::uint32_t>(random());
    if (random() % 8 == 0) op.lower = nullptr;
    std::memcpy(kernel_memory, &kernel, sizeof kernel);
    kernels[0] = reinterpret_cast<const tenon_kernel*>(kernel_memory);
    op.kernels = kernels;
    op.kernel_count = 1;
    std::memcpy(operator_memory, &op, sizeof op);
    if (random() % 4 == 0) kernel_memory[sizeof kernel + random() % 256] = 1;
    if (random() % 4 == 0) operator_memory[sizeof op + random() % 256] = 1;
    operators[0] = random() % 16 == 0 ? nullptr : reinterpret_cast<const tenon_operator*>(operator_memory);
    on_query = [&](tenon_plugin_info* out) {
      disturb(out->header, sizeof *out);
      if (random() % 8 == 0) out->api_minor_built = static_cast<std::uint32_t>(random() % 3);
      if (random() % 8 == 0) out->api_minor_required = static_cast<std::uint32_t>(random() % 3);
      if (random() % 8 == 0) out->api_minor_chosen = static_cast<std::uint32_t>(random() % 3);
      if (random() % 8 == 0) out->sanitizer = static_cast<std::uint32_t>(random());
      if (random() % 8 == 0) out->features = random();
      if (random() % 8 == 0) out->operator_count = random();
      if (random() % 8 == 0) out->importer_count = random();
      if (random() % 8 == 0) out->name_length = 257 + random() % 1000000;
      if (random() % 8 == 0) out->operators = nullptr;
    };
    Owned<tenon_context> context = plugin_context();
    tenon_error* error = nullptr;
    const std::int32_t code = tenon_plugin_preload(context.get(), "tests.fuzz", TENON_NUL_TERMINATED, &error);
    EXPECT_TRUE(is_defined_code(code) && code != TENON_INTERNAL) << code << ": " << tenon_error_get_report(error, nullptr);
    EXPECT_EQ(code != TENON_OK, error != nullptr);
    tenon_error_release(error);
    codes.insert(code);
    if (code == TENON_OK) {
      GraphMaker graph(context.get());
      graph.output("y", graph.node("n", "fuzz.same", {graph.input("x", {3})})[0]);
      EXPECT_NE(graph.compile(), nullptr);
    }
    context.reset();
    delete[] kernel_memory;
    delete[] operator_memory;
  }
  EXPECT_TRUE(codes.count(TENON_OK) == 1 && codes.count(TENON_PLUGIN_REJECTED) == 1 && codes.count(TENON_NOT_UNDERSTOOD) == 1);
  reset();
}

}  // namespace
}  // namespace tenon_test

// Every struct that tenon.h takes, in every size and with every content: never a crash, always a defined code.
#include "tests/abi/struct_fuzz.h"

namespace tenon_test {
namespace {

constexpr std::uint32_t kNothingAround = TENON_CONTEXT_NO_ENV | TENON_CONTEXT_NO_USER_DIR | TENON_CONTEXT_NO_SYSTEM_DIR;

void* lend(void*, std::size_t bytes, std::size_t align) {
  return std::aligned_alloc(std::max<std::size_t>(align, sizeof(void*)), (bytes + align - 1) / align * align);
}
void* lend_more(void*, void*, std::size_t, std::size_t, std::size_t) { return nullptr; }
void take_back(void*, void* memory, std::size_t, std::size_t) { std::free(memory); }
void in_one_part(void*, std::size_t count, std::size_t, tenon_parallel_fn fn, void* argument) { fn(argument, 0, count, 0); }
void no_log(void*, std::int32_t, const char*, const char*, std::size_t) {}

class AbiStructFuzz : public ::testing::Test {
 protected:
  void SetUp() override {
    test_seed();
    tenon_context_options options = TENON_CONTEXT_OPTIONS_INIT;
    options.flags = kNothingAround;
    options.threads = 1;
    options.log = no_log;
    tenon_context* context = nullptr;
    must([&](tenon_error** e) { return tenon_context_create(&options, &context, e); });
    context_.reset(context);
    must([&](tenon_error** e) { return tenon_context_add_plugin_path(context, TENON_KEPT_PLUGINS, TENON_NUL_TERMINATED, e); });
    graph_ = std::make_unique<GraphMaker>(context);
    graph_->output("y", graph_->node("n", "travel_c.affine", {graph_->input("x", {3})})[0]);
    program_ = graph_->compile();
    tenon_target* target = nullptr;
    must([&](tenon_error** e) { return tenon_target_find(context, "stablehlo", TENON_NUL_TERMINATED, &target, e); });
    target_.reset(target);
  }

  // The code; on failure: an error that says something, and an output that nobody touched.
  template <class Out, class Call>
  static std::int32_t outcome(Out*& out, std::string& message, const Call& call) {
    Out* const untouched = reinterpret_cast<Out*>(&out);
    out = untouched;
    tenon_error* error = nullptr;
    const std::int32_t code = call(&out, &error);
    EXPECT_TRUE(is_defined_code(code)) << code;
    EXPECT_EQ(error != nullptr, code != TENON_OK);
    if (error != nullptr) message = tenon_error_get_text(error, TENON_ERROR_MESSAGE, nullptr);
    tenon_error_release(error);
    if (code != TENON_OK) {
      EXPECT_EQ(out, untouched) << "the output was touched: " << message;
      out = nullptr;
    }
    return code;
  }
  std::int32_t create_context(const tenon_context_options* options, std::string& message) {
    tenon_context* out = nullptr;
    const std::int32_t code =
        outcome(out, message, [&](tenon_context** o, tenon_error** e) { return tenon_context_create(options, o, e); });
    tenon_context_destroy(out);
    return code;
  }

  Subject context_options() {
    tenon_context_options options = TENON_CONTEXT_OPTIONS_INIT;
    options.flags = kNothingAround;
    options.log = no_log;
    return {"tenon_context_options", TENON_KIND_CONTEXT_OPTIONS, bytes_of(options), [this](const void* given, std::string& message) {
              return create_context(static_cast<const tenon_context_options*>(given), message);
            }};
  }
  Subject allocator() {
    tenon_allocator value = TENON_ALLOCATOR_INIT;
    value.allocate = lend;
    value.reallocate = lend_more;
    value.release = take_back;
    return {"tenon_allocator", TENON_KIND_ALLOCATOR, bytes_of(value), [this](const void* given, std::string& message) {
              tenon_context_options options = TENON_CONTEXT_OPTIONS_INIT;
              options.flags = kNothingAround;
              options.allocator = static_cast<const tenon_allocator*>(given);
              return create_context(&options, message);
            }};
  }
  Subject thread_pool() {
    tenon_thread_pool value = TENON_THREAD_POOL_INIT;
    value.threads = 1;
    value.parallel_for = in_one_part;
    return {"tenon_thread_pool", TENON_KIND_THREAD_POOL, bytes_of(value), [this](const void* given, std::string& message) {
              tenon_context_options options = TENON_CONTEXT_OPTIONS_INIT;
              options.flags = kNothingAround;
              options.thread_pool = static_cast<const tenon_thread_pool*>(given);
              return create_context(&options, message);
            }};
  }
  Subject node_request() {
    tenon_node_request value = TENON_NODE_REQUEST_INIT;
    value.name = "node";
    value.name_length = 4;
    value.op = "travel_c.affine";
    value.op_length = 15;
    value.operands = &kFirst;
    value.operand_count = 1;
    return {"tenon_node_request", TENON_KIND_NODE_REQUEST, bytes_of(value), [this](const void* given, std::string& message) {
              GraphMaker graph(context_.get());
              graph.input("x", {3});
              tenon_value result = 77;
              std::size_t count = 78;
              tenon_error* error = nullptr;
              const std::int32_t code =
                  tenon_graph_add_node(graph.get(), static_cast<const tenon_node_request*>(given), &result, 1, &count, &error);
              EXPECT_TRUE(is_defined_code(code)) << code;
              if (error != nullptr) message = tenon_error_get_text(error, TENON_ERROR_MESSAGE, nullptr);
              tenon_error_release(error);
              if (code != TENON_OK) {
                EXPECT_TRUE(result == 77 && count == 78) << "the output was touched: " << message;
              }
              return code;
            }};
  }
  Subject operator_source() {
    tenon_operator_source value = TENON_OPERATOR_SOURCE_INIT;
    value.op = "travel_c.affine";
    value.op_length = 15;
    value.dtype = "f32";
    value.dtype_length = 3;
    value.shapes = "4x5";
    value.shapes_length = 3;
    return {"tenon_operator_source", TENON_KIND_OPERATOR_SOURCE, bytes_of(value), [this](const void* given, std::string& message) {
              tenon_graph* out = nullptr;
              const std::int32_t code = outcome(out, message, [&](tenon_graph** o, tenon_error** e) {
                return tenon_graph_from_operator(context_.get(), static_cast<const tenon_operator_source*>(given), o, e);
              });
              tenon_graph_destroy(out);
              return code;
            }};
  }
  Subject lower_options() {
    const tenon_lower_options value = TENON_LOWER_OPTIONS_INIT;
    return {"tenon_lower_options", TENON_KIND_LOWER_OPTIONS, bytes_of(value), [this](const void* given, std::string& message) {
              tenon_module* out = nullptr;
              const std::int32_t code = outcome(out, message, [&](tenon_module** o, tenon_error** e) {
                return tenon_graph_lower(graph_->get(), target_.get(), static_cast<const tenon_lower_options*>(given), o, e);
              });
              tenon_module_release(out);
              return code;
            }};
  }
  Subject program_options() {
    const tenon_program_options value = TENON_PROGRAM_OPTIONS_INIT;
    return {"tenon_program_options", TENON_KIND_PROGRAM_OPTIONS, bytes_of(value), [this](const void* given, std::string& message) {
              tenon_program* out = nullptr;
              const std::int32_t code = outcome(out, message, [&](tenon_program** o, tenon_error** e) {
                return tenon_graph_compile(graph_->get(), static_cast<const tenon_program_options*>(given), o, e);
              });
              tenon_program_destroy(out);
              return code;
            }};
  }
  Subject run_options() {
    tenon_run_options value = TENON_RUN_OPTIONS_INIT;
    value.step_nanoseconds = times_;
    value.step_capacity = 8;
    return {"tenon_run_options", TENON_KIND_RUN_OPTIONS, bytes_of(value), [this](const void* given, std::string& message) {
              const std::int64_t dims[1] = {3};
              float in[3] = {1, 2, 3}, out[3] = {0, 0, 0};
              tenon_tensor_view input = TENON_TENSOR_VIEW_INIT, output;
              input.data = in;
              input.dims = dims;
              input.rank = 1;
              input.dtype = TENON_F32;
              output = input;
              output.data = out;
              tenon_error* error = nullptr;
              const std::int32_t code =
                  tenon_program_run(program_.get(), &input, 1, &output, 1, static_cast<const tenon_run_options*>(given), &error);
              EXPECT_TRUE(is_defined_code(code)) << code;
              if (error != nullptr) message = tenon_error_get_text(error, TENON_ERROR_MESSAGE, nullptr);
              tenon_error_release(error);
              EXPECT_EQ(out[2], code == TENON_OK ? 7.0f : 0.0f);
              return code;
            }};
  }
  Subject verify_options() {
    const tenon_verify_options value = TENON_VERIFY_OPTIONS_INIT;
    return {"tenon_verify_options", TENON_KIND_VERIFY_OPTIONS, bytes_of(value), [this](const void* given, std::string& message) {
              tenon_blob* out = nullptr;
              const std::int32_t code = outcome(out, message, [&](tenon_blob** o, tenon_error** e) {
                return tenon_verify_operator_json(context_.get(), "travel_c.affine", TENON_NUL_TERMINATED,
                                                  static_cast<const tenon_verify_options*>(given), o, nullptr, e);
              });
              tenon_blob_release(out);
              return code;
            }};
  }
  std::vector<Subject> subjects() {
    return {context_options(), allocator(),       thread_pool(), node_request(),  operator_source(),
            lower_options(),   program_options(), run_options(), verify_options()};
  }

  static constexpr tenon_value kFirst = 0;
  std::uint64_t times_[8] = {};
  Owned<tenon_context> context_;
  std::unique_ptr<GraphMaker> graph_;
  Owned<tenon_program> program_;
  Owned<tenon_target> target_;
};

TEST_F(AbiStructFuzz, EverySizeTailKindAndChain) {
  for (const Subject& subject : subjects()) {
    HeaderFuzz(subject).all();
    if (HasFailure()) break;
  }
}

// Numbers of any value; pointers that are right or NULL, whatever stands in the field beside them.
TEST_F(AbiStructFuzz, AnyNumbersInTheFields) {
  struct Field {
    const char* subject;
    std::size_t offset, bytes;
    std::size_t pointer;  // the pointer that this is the length of: random only where that is NULL; 0: none
  };
#define NUMBER(type, field) \
  { #type, offsetof(type, field), sizeof(type::field), 0 }
#define LENGTH(type, field, pointer) \
  { #type, offsetof(type, field), sizeof(type::field), offsetof(type, pointer) }
  const Field fields[] = {NUMBER(tenon_context_options, flags),
                          NUMBER(tenon_context_options, threads),
                          LENGTH(tenon_context_options, arch_length, arch),
                          NUMBER(tenon_context_options, log_level),
                          NUMBER(tenon_context_options, reserved0),
                          NUMBER(tenon_thread_pool, threads),
                          NUMBER(tenon_thread_pool, reserved0),
                          LENGTH(tenon_node_request, name_length, name),
                          LENGTH(tenon_node_request, op_length, op),
                          LENGTH(tenon_node_request, operand_count, operands),
                          LENGTH(tenon_node_request, attribute_count, attributes),
                          LENGTH(tenon_operator_source, op_length, op),
                          LENGTH(tenon_operator_source, dtype_length, dtype),
                          LENGTH(tenon_operator_source, shapes_length, shapes),
                          LENGTH(tenon_operator_source, attribute_count, attributes),
                          NUMBER(tenon_program_options, flags),
                          NUMBER(tenon_program_options, reserved0),
                          NUMBER(tenon_program_options, max_ulp),
                          LENGTH(tenon_program_options, pinned_plugin_length, pinned_plugin),
                          LENGTH(tenon_run_options, step_capacity, step_nanoseconds),
                          LENGTH(tenon_verify_options, dtype_length, dtype),
                          NUMBER(tenon_verify_options, seed),
                          NUMBER(tenon_verify_options, reserved0),
                          LENGTH(tenon_verify_options, export_folder_length, export_folder)};
  std::mt19937_64 random(test_seed());
  const std::uint64_t edges[] = {0,     1,          2,          32,         33,        1024,       1025, 65536,
                                 65537, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, INT64_MAX, 1ull << 63, ~0ull};
  std::set<std::int32_t> codes;
  for (const Subject& subject : subjects()) {
    for (int round = 0; round < 400; ++round) {
      std::vector<unsigned char> bytes = subject.bytes;
      for (const Field& field : fields) {
        if (field.subject != subject.name || random() % 2 != 0) continue;
        const std::uint64_t value = random() % 2 != 0 ? random() : edges[random() % std::size(edges)];
        if (field.pointer != 0) std::memset(bytes.data() + field.pointer, 0, sizeof(void*));
        std::memcpy(bytes.data() + field.offset, &value, field.bytes);
      }
      std::string message;
      const std::int32_t code = subject.call(bytes.data(), message);
      EXPECT_EQ(code == TENON_OK, message.empty()) << subject.name;
      codes.insert(code);
    }
  }
  EXPECT_EQ(codes.count(TENON_INTERNAL), 0u);
  EXPECT_TRUE(codes.count(TENON_OK) == 1 && codes.count(TENON_INVALID_ARGUMENT) == 1 && codes.count(TENON_NOT_UNDERSTOOD) == 1);
}

// The structs without a header: types and views of any rank, dtype and size.
TEST_F(AbiStructFuzz, AnyTypes) {
  std::mt19937_64 random(test_seed());
  Guarded memory;
  const std::int64_t edges[] = {0, 1, 2, 3, -1, TENON_DYNAMIC, INT64_MAX, 1ll << 32, 1ll << 62};
  std::set<std::int32_t> codes;
  for (int round = 0; round < 20000; ++round) {
    const std::int32_t ranks[] = {0, 1, 2, 3, 31, 32, 33, -1, INT32_MAX, INT32_MIN};
    const std::int32_t rank = random() % 2 != 0 ? static_cast<std::int32_t>(random() % 5) : ranks[random() % std::size(ranks)];
    const std::size_t there = static_cast<std::size_t>(std::clamp(rank, 0, 32));
    auto* dims = reinterpret_cast<std::int64_t*>(memory.last(there * sizeof(std::int64_t)));
    for (std::size_t i = 0; i < there; ++i) dims[i] = edges[random() % std::size(edges)];
    tenon_type_view type{random() % 16 == 0 ? nullptr : dims, rank, static_cast<tenon_dtype>(random() % 4 == 0 ? random() : random() % 20)};
    tenon_tensor_view view = TENON_TENSOR_VIEW_INIT;
    view.dims = type.dims;
    view.rank = type.rank;
    view.dtype = type.dtype;
    view.flags = random() % 4 == 0 ? static_cast<std::uint32_t>(random()) : 0;
    view.reserved0 = random() % 8 == 0 ? static_cast<std::uint32_t>(random()) : 0;
    GraphMaker graph(context_.get());
    tenon_value value = 0;
    double element = 0;
    tenon_program* bound = nullptr;
    const std::int32_t results[] = {tenon_graph_add_input(graph.get(), "x", 1, &type, &value, nullptr),
                                    tenon_graph_add_param(graph.get(), "p", 1, nullptr, 0, &type, &value, nullptr),
                                    tenon_graph_add_constant(graph.get(), "c", 1, &view, &value, nullptr),
                                    tenon_view_get_element(&view, static_cast<std::int64_t>(random() % 3), &element, nullptr),
                                    tenon_program_bind(program_.get(), &type, 1, &bound, nullptr),
                                    tenon_program_run(program_.get(), &view, 1, &view, 1, nullptr, nullptr)};
    tenon_program_destroy(bound);
    for (const std::int32_t code : results) {
      EXPECT_TRUE(is_defined_code(code) && code != TENON_INTERNAL) << code;
      codes.insert(code);
    }
  }
  EXPECT_TRUE(codes.count(TENON_OK) == 1 && codes.count(TENON_INVALID_ARGUMENT) == 1);
}

TEST_F(AbiStructFuzz, AnyAttributes) {
  std::mt19937_64 random(test_seed());
  const std::int64_t integers[3] = {1, -1, INT64_MIN};
  const double reals[3] = {0, -1e308, 5e-324};
  const std::size_t counts[] = {0, 1, 3, 4, 65536, SIZE_MAX, SIZE_MAX / 8};
  std::set<std::int32_t> codes;
  for (int round = 0; round < 20000; ++round) {
    tenon_attr inner[3] = {TENON_ATTR_INIT, TENON_ATTR_INIT, TENON_ATTR_INIT};
    tenon_attr attr = TENON_ATTR_INIT;
    // Pointers to three of each, with a count of at most three; or NULL with any count.
    const auto fill = [&](tenon_attr& a, bool outer) {
      const bool given = random() % 2 != 0;
      const char* names[] = {"scale", "bias", "other", "\xff\xfe", nullptr};
      a.name = names[random() % 5];
      a.name_length = a.name == nullptr ? random() % 2 : std::strlen(a.name);
      a.kind = static_cast<tenon_attr_kind>(random() % 8 == 0 ? random() : random() % 12);
      a.flags = random() % 4 == 0 ? static_cast<std::uint32_t>(random()) : 0;
      a.i64 = static_cast<std::int64_t>(random());
      const std::uint64_t bits = random();
      std::memcpy(&a.f64, &bits, sizeof bits);
      a.count = given ? random() % 4 : counts[random() % std::size(counts)];
      a.text = given ? "2.5" : nullptr;
      a.i64s = given ? integers : nullptr;
      a.f64s = given ? reals : nullptr;
      a.items = given && outer ? inner : nullptr;
    };
    for (tenon_attr& a : inner) fill(a, false);
    fill(attr, true);
    GraphMaker graph(context_.get());
    graph.input("x", {3});
    tenon_node_request request = TENON_NODE_REQUEST_INIT;
    request.name = "node";
    request.name_length = 4;
    request.op = "travel_c.affine";
    request.op_length = 15;
    request.operands = &kFirst;
    request.operand_count = 1;
    request.attributes = &attr;
    request.attribute_count = 1;
    tenon_value result = 0;
    const std::int32_t code = tenon_graph_add_node(graph.get(), &request, &result, 1, nullptr, nullptr);
    EXPECT_TRUE(is_defined_code(code) && code != TENON_INTERNAL) << code;
    codes.insert(code);
  }
  EXPECT_TRUE(codes.count(TENON_OK) == 1 && codes.count(TENON_INVALID_ARGUMENT) == 1);
}

// A dictionary that holds itself.
TEST_F(AbiStructFuzz, AttributesWithoutAnEnd) {
  tenon_attr attr = TENON_ATTR_INIT;
  attr.name = "scale";
  attr.name_length = 5;
  attr.kind = TENON_ATTR_DICT;
  attr.items = &attr;
  attr.count = 1;
  GraphMaker graph(context_.get());
  const Failure failure = graph.bad_node("n", "travel_c.affine", {graph.input("x", {3})}, {attr});
  EXPECT_EQ(failure.code, TENON_INVALID_ARGUMENT) << failure.message;
}

}  // namespace
}  // namespace tenon_test

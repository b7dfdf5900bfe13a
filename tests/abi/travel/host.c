/* A program that is kept as a binary with each release: it uses every part of tenon.h, in C99, and checks every number that comes back.
 *
 *     host FOLDER [packs]
 *
 * FOLDER has the plugins travel-c and travel-cpp. `packs`: uses an operator of the packs beside libtenon as well. Exit status 0: all right.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tenon/tenon.h"

#define NUL TENON_NUL_TERMINATED

static tenon_error* error; /* of the last call that failed; not an argument beside the call, whose order nobody promises */

static void check(int32_t code, const char* what) {
  if (code == TENON_OK) return;
  fprintf(stderr, "host: %s: %s\n", what, tenon_error_get_report(error, NULL));
  exit(1);
}
#define CHECK(call) check((call), #call)

static void require(int condition, const char* what) {
  if (condition) return;
  fprintf(stderr, "host: not as it should be: %s\n", what);
  exit(1);
}
#define REQUIRE(condition) require((condition), #condition)

/* ---- what the host lends: memory, a pool of one thread, a log ---- */

typedef struct lent {
  long calls, bytes, lines, regions;
} lent;

static void* lend(void* user, size_t bytes, size_t align) {
  lent* l = (lent*)user;
  char* raw = (char*)malloc(bytes + align + sizeof(void*));
  char* memory;
  if (raw == NULL) return NULL;
  memory = raw + sizeof(void*);
  memory += (align - (uintptr_t)memory % align) % align;
  memcpy(memory - sizeof(void*), &raw, sizeof raw);
  l->calls += 1;
  l->bytes += (long)bytes;
  return memory;
}
static void take_back(void* user, void* memory, size_t bytes, size_t align) {
  char* raw;
  (void)align;
  if (memory == NULL) return;
  memcpy(&raw, (char*)memory - sizeof(void*), sizeof raw);
  free(raw);
  ((lent*)user)->bytes -= (long)bytes;
}
static void* lend_more(void* user, void* memory, size_t old_bytes, size_t new_bytes, size_t align) {
  void* moved = lend(user, new_bytes, align);
  if (moved == NULL) return NULL;
  if (memory != NULL) memcpy(moved, memory, old_bytes < new_bytes ? old_bytes : new_bytes);
  take_back(user, memory, old_bytes, align);
  return moved;
}
static void parallel_for(void* user, size_t count, size_t grain, tenon_parallel_fn fn, void* argument) {
  (void)grain;
  ((lent*)user)->regions += 1;
  fn(argument, 0, count / 2, 0);
  fn(argument, count / 2, count, 0);
}
static void log_line(void* user, int32_t level, const char* category, const char* text, size_t length) {
  (void)level;
  if (category[0] != 0 && strlen(text) == length) ((lent*)user)->lines += 1;
}

/* blob: by address, because the call that fills it stands in the same argument list. */
static void expect_json(int32_t code, tenon_blob** filled, const char* what, const char* contains) {
  tenon_blob* blob = *filled;
  size_t length = 0;
  check(code, what);
  require(strchr("{[", tenon_blob_get_data(blob, &length)[0]) != NULL && length > 2, what);
  require(strstr(tenon_blob_get_data(blob, NULL), contains) != NULL, contains);
  tenon_blob_release(blob);
}

static tenon_tensor_view view(float* data, const int64_t* dims, int32_t rank) {
  tenon_tensor_view out = TENON_TENSOR_VIEW_INIT;
  out.data = data;
  out.dims = dims;
  out.rank = rank;
  out.dtype = TENON_F32;
  return out;
}

static void expect(const float* got, const float* want, size_t count, const char* what) {
  size_t i;
  for (i = 0; i < count; ++i)
    if (got[i] != want[i]) {
      fprintf(stderr, "host: %s: element %d is %g, expected %g\n", what, (int)i, (double)got[i], (double)want[i]);
      exit(1);
    }
}

static tenon_value node(tenon_graph* graph, const char* name, const char* op, const tenon_value* operands, size_t count,
                        const tenon_attr* attributes, size_t attribute_count) {
  tenon_node_request request = TENON_NODE_REQUEST_INIT;
  tenon_value out = TENON_VALUE_NONE;
  size_t results = 0;
  request.name = name;
  request.name_length = NUL;
  request.op = op;
  request.op_length = NUL;
  request.operands = operands;
  request.operand_count = count;
  request.attributes = attributes;
  request.attribute_count = attribute_count;
  check(tenon_graph_add_node(graph, &request, &out, 1, &results, &error), op);
  REQUIRE(results >= 1); /* an absent result counts */
  return out;
}

/* ---- the parts of tenon.h ---- */

static void errors(void) {
  tenon_context* context = NULL;
  tenon_context_options options = TENON_CONTEXT_OPTIONS_INIT;
  const char *key = NULL, *value = NULL;
  int32_t line = -1, column = -1;
  options.arch = "none-such";
  options.arch_length = NUL;
  REQUIRE(tenon_context_create(&options, &context, &error) == TENON_CPU_UNSUPPORTED && context == NULL);
  REQUIRE(tenon_error_get_code(error) == TENON_CPU_UNSUPPORTED);
  REQUIRE(strcmp(tenon_code_name(TENON_CPU_UNSUPPORTED), "CPU_UNSUPPORTED") == 0);
  REQUIRE(strstr(tenon_error_get_text(error, TENON_ERROR_MESSAGE, NULL), "none-such") != NULL);
  REQUIRE(tenon_error_get_text(error, TENON_ERROR_ADVICE, NULL)[0] != 0);
  REQUIRE(strstr(tenon_error_get_json(error, NULL), "CPU_UNSUPPORTED") != NULL && tenon_error_get_report(error, NULL)[0] != 0);
  tenon_error_get_position(error, &line, &column);
  REQUIRE(line == 0 && column == 0);
  REQUIRE(tenon_error_get_cause(error) == NULL && tenon_error_get_payload(error, 1000, &key, &value) == 0);
  tenon_error_release(error);
  error = NULL;
  REQUIRE(tenon_context_create(NULL, NULL, NULL) == TENON_INVALID_ARGUMENT); /* nobody wants the error */
  options.header.struct_size = 0;
  REQUIRE(tenon_context_create(&options, &context, NULL) == TENON_INVALID_ARGUMENT);
}

static void dtypes(void) {
  REQUIRE(tenon_dtype_from_name("bf16", NUL) == TENON_BF16 && tenon_dtype_from_name("f33", 3) == TENON_DTYPE_INVALID);
  REQUIRE(strcmp(tenon_dtype_name(TENON_F8E4M3FN), "f8E4M3FN") == 0 || tenon_dtype_name(TENON_F8E4M3FN)[0] == 'f');
  REQUIRE(tenon_dtype_size(TENON_F64) == 8 && tenon_dtype_size(TENON_I4) == 1 && tenon_dtype_size(99) == 0);
}

static void reports(tenon_context* context) {
  tenon_blob* blob = NULL;
  expect_json(tenon_operators_json(context, "travel_c.affine", NUL, &blob, &error), &blob, "operators", "scale");
  expect_json(tenon_plugins_json(context, &blob, &error), &blob, "plugins", "tests.travel-cpp");
  expect_json(tenon_targets_json(context, &blob, &error), &blob, "targets", "iree");
  expect_json(tenon_machine_json(context, &blob, &error), &blob, "machine", "threads");
  CHECK(tenon_plugin_preload(context, "tests.travel-c", NUL, &error));
}

/* y = weighted(affine(x), x; w = 2), s = row_sum(y): x + .. as exact small numbers. */
static void graphs(tenon_context* context, lent* l) {
  const int64_t dims[2] = {2, 20}, row[1] = {2};
  const tenon_type_view type = {dims, 2, TENON_F32};
  float x[40], want[40], sums[2] = {0, 0}, y[40], s[2];
  tenon_tensor_view inputs[1], outputs[2];
  tenon_graph *graph = NULL, *parsed = NULL;
  tenon_program* program = NULL;
  tenon_program_options options = TENON_PROGRAM_OPTIONS_INIT;
  tenon_run_options run = TENON_RUN_OPTIONS_INIT;
  tenon_lower_options lower = TENON_LOWER_OPTIONS_INIT;
  tenon_type_view known = TENON_TYPE_VIEW_INIT;
  tenon_attr scale = TENON_ATTR_INIT, w = TENON_ATTR_INIT;
  tenon_value in = 0, operands[2], out, sum, found = 0;
  tenon_target* target = NULL;
  tenon_module* module = NULL;
  tenon_blob* blob = NULL;
  uint64_t times[16];
  volatile int32_t cancel = 0;
  const char* name = NULL;
  size_t length = 0;
  uint32_t flags;
  int i;
  for (i = 0; i < 40; ++i) {
    x[i] = (float)(i - 17);
    want[i] = (x[i] * 3 + 1) + 2 * x[i];
    sums[i / 20] += want[i];
  }
  CHECK(tenon_graph_create(context, "travel", NUL, &graph, &error));
  CHECK(tenon_graph_add_input(graph, "x", NUL, &type, &in, &error));
  scale.name = "scale";
  scale.name_length = 5;
  scale.kind = TENON_ATTR_F64;
  scale.f64 = 3;
  w.name = "w";
  w.name_length = 1;
  w.kind = TENON_ATTR_STRING; /* numbers may be given as text */
  w.text = "2";
  w.count = 1;
  operands[0] = node(graph, "a", "travel_c.affine", &in, 1, &scale, 1);
  operands[1] = in;
  out = node(graph, "y", "travel_cpp.weighted", operands, 2, &w, 1);
  sum = node(graph, "s", "travel_c.row_sum", &out, 1, NULL, 0);
  CHECK(tenon_graph_add_output(graph, "y", NUL, out, &error));
  CHECK(tenon_graph_add_output(graph, "s", NUL, sum, &error));
  CHECK(tenon_graph_find_value(graph, "y", NUL, &found, &error));
  CHECK(tenon_graph_get_type(graph, found, &known, &error));
  REQUIRE(found == out && known.rank == 2 && known.dims[1] == 20 && known.dtype == TENON_F32);

  inputs[0] = view(x, dims, 2);
  outputs[0] = view(y, dims, 2);
  outputs[1] = view(s, row, 1);
  for (flags = 0; flags <= TENON_PROGRAM_REFERENCE; ++flags) {
    options.flags = flags;
    CHECK(tenon_graph_compile(graph, &options, &program, &error));
    REQUIRE(tenon_program_get_input_count(program) == 1 && tenon_program_get_output_count(program) == 2);
    CHECK(tenon_program_get_output(program, 1, &name, &length, &known, &error));
    REQUIRE(strcmp(name, "s") == 0 && length == 1 && known.rank == 1 && known.dims[0] == 2);
    run.step_nanoseconds = times;
    run.step_capacity = 16;
    run.cancel = &cancel;
    memset(y, 0, sizeof y);
    CHECK(tenon_program_run(program, inputs, 1, outputs, 2, &run, &error));
    expect(y, want, 40, flags == 0 ? "with kernels" : "by the meaning");
    expect(s, sums, 2, "sums");
    cancel = 1;
    REQUIRE(tenon_program_run(program, inputs, 1, outputs, 2, &run, NULL) == TENON_CANCELLED);
    cancel = 0;
    expect_json(tenon_program_report_json(program, &blob, &error), &blob, "report", flags == 0 ? "tests.travel-c" : "steps");
    expect_json(tenon_program_explain_json(program, &blob, &error), &blob, "explain", "steps");
    CHECK(tenon_program_print(program, &blob, &error));
    tenon_blob_release(blob);
    REQUIRE(tenon_program_get_step_count(program) > 0);
    tenon_program_destroy(program);
  }
  REQUIRE(l->regions > 0);

  CHECK(tenon_target_find(context, "stablehlo", NUL, &target, &error));
  CHECK(tenon_graph_lower(graph, target, &lower, &module, &error));
  CHECK(tenon_module_print(module, &blob, &error));
  REQUIRE(strstr(tenon_blob_get_data(blob, NULL), "stablehlo.reduce") != NULL);
  tenon_blob_release(blob);
  CHECK(tenon_module_decisions_json(module, &blob, &error));
  tenon_blob_release(blob);
  tenon_module_release(module);
  REQUIRE(tenon_target_get_yaml(target, &length)[0] != 0 && length > 0);
  tenon_target_release(target);

  CHECK(tenon_graph_to_yaml(graph, &blob, &error));
  CHECK(tenon_graph_parse(context, tenon_blob_get_data(blob, NULL), NUL, "again", NUL, 0, &parsed, &error));
  tenon_blob_release(blob);
  REQUIRE(tenon_graph_get_params_file(parsed, &length)[0] == 0 && length == 0);
  CHECK(tenon_graph_compile(parsed, NULL, &program, &error));
  CHECK(tenon_program_run(program, inputs, 1, outputs, 2, NULL, &error));
  expect(y, want, 40, "read again");
  tenon_program_destroy(program);
  tenon_graph_destroy(parsed);
  tenon_graph_destroy(graph);
}

static void operators(tenon_context* context) {
  static const char* const attributes[1] = {"bias=-4"};
  const int64_t dims[2] = {TENON_DYNAMIC, 3}, sizes[2] = {2, 3};
  const tenon_type_view bound = {sizes, 2, TENON_F32};
  float x[6] = {1, 2, 3, 4, 5, 6}, y[6];
  const float want[6] = {-2, 0, 2, 4, 6, 8};
  tenon_operator_source source = TENON_OPERATOR_SOURCE_INIT;
  tenon_verify_options verify = TENON_VERIFY_OPTIONS_INIT;
  tenon_tensor_view input = view(x, sizes, 2), output = view(y, sizes, 2);
  tenon_graph* graph = NULL;
  tenon_program *program = NULL, *two = NULL;
  tenon_value in = 0, out;
  tenon_type_view dynamic;
  tenon_blob* blob = NULL;
  uint32_t failed = 1;
  source.op = "travel_c.affine";
  source.op_length = NUL;
  source.dtype = "f32";
  source.dtype_length = 3;
  source.shapes = "2x3";
  source.shapes_length = NUL;
  source.attributes = attributes;
  source.attribute_count = 1;
  CHECK(tenon_graph_from_operator(context, &source, &graph, &error));
  CHECK(tenon_graph_compile(graph, NULL, &program, &error));
  CHECK(tenon_program_run(program, &input, 1, &output, 1, NULL, &error));
  expect(y, want, 6, "one operator");
  tenon_program_destroy(program);
  tenon_graph_destroy(graph);

  dynamic.dims = dims;
  dynamic.rank = 2;
  dynamic.dtype = TENON_F32;
  CHECK(tenon_graph_create(context, "dynamic", NUL, &graph, &error));
  CHECK(tenon_graph_add_input(graph, "x", NUL, &dynamic, &in, &error));
  out = node(graph, "y", "travel_cpp.weighted", &in, 1, NULL, 0);
  CHECK(tenon_graph_add_output(graph, "y", NUL, out, &error));
  CHECK(tenon_graph_compile(graph, NULL, &program, &error));
  CHECK(tenon_program_bind(program, &bound, 1, &two, &error));
  CHECK(tenon_program_run(two, &input, 1, &output, 1, NULL, &error));
  REQUIRE(y[0] == 0.5f && y[5] == 3.0f);
  tenon_program_destroy(two);
  tenon_program_destroy(program);
  tenon_graph_destroy(graph);

  verify.seed = 7;
  verify.random_cases = 5;
  expect_json(tenon_verify_operator_json(context, "travel_cpp.weighted", NUL, &verify, &blob, &failed, &error), &blob, "verify",
              "weighted");
  REQUIRE(failed == 0);
}

static void tensors(tenon_context* context) {
  const int64_t dims[2] = {3, 4};
  const tenon_type_view type = {dims, 2, TENON_F32};
  tenon_tensor *tensor = NULL, *back = NULL;
  tenon_tensor_view lent_view = TENON_TENSOR_VIEW_INIT, shared = TENON_TENSOR_VIEW_INIT;
  DLManagedTensorVersioned* managed = NULL;
  double first = 0;
  CHECK(tenon_tensor_create(context, &type, &tensor, &error));
  CHECK(tenon_tensor_fill_random(tensor, 3, &error));
  CHECK(tenon_tensor_get_view(tensor, &lent_view, &error));
  REQUIRE((uintptr_t)lent_view.data % 64 == 0 && lent_view.rank == 2 && lent_view.dims[0] == 3);
  CHECK(tenon_view_get_element(&lent_view, 0, &first, &error));
  REQUIRE(first == (double)((const float*)lent_view.data)[0]);
  CHECK(tenon_tensor_to_dlpack(tensor, &managed, &error));
  REQUIRE(managed->version.major == 1 && managed->dl_tensor.ndim == 2 && managed->dl_tensor.shape[1] == 4);
  CHECK(tenon_tensor_from_dlpack(context, managed, &back, &error));
  CHECK(tenon_tensor_get_view(back, &shared, &error));
  REQUIRE(shared.data == lent_view.data);
  tenon_tensor_destroy(tensor); /* the memory lives on with `back` */
  REQUIRE((double)((const float*)shared.data)[0] == first);
  tenon_tensor_destroy(back);
}

static void packs(tenon_context* context) {
  const int64_t dims[2] = {2, 4};
  const tenon_type_view type = {dims, 2, TENON_F32};
  float x[8] = {3, 3, 3, 3, -2, 2, -2, 2}, y[8];
  const float want[8] = {1, 1, 1, 1, -1, 1, -1, 1};
  tenon_tensor_view input = view(x, dims, 2), output = view(y, dims, 2);
  tenon_graph* graph = NULL;
  tenon_program* program = NULL;
  tenon_attr epsilon = TENON_ATTR_INIT;
  tenon_value in = 0;
  int i;
  epsilon.name = "epsilon";
  epsilon.name_length = strlen("epsilon");
  epsilon.kind = TENON_ATTR_F64;
  epsilon.f64 = 1e-12;
  CHECK(tenon_graph_create(context, "norm", NUL, &graph, &error));
  CHECK(tenon_graph_add_input(graph, "x", NUL, &type, &in, &error));
  in = node(graph, "y", "rms_norm", &in, 1, &epsilon, 1);
  CHECK(tenon_graph_add_output(graph, "y", NUL, in, &error));
  CHECK(tenon_graph_compile(graph, NULL, &program, &error));
  CHECK(tenon_program_run(program, &input, 1, &output, 1, NULL, &error));
  for (i = 0; i < 8; ++i) REQUIRE(y[i] - want[i] < 1e-6f && want[i] - y[i] < 1e-6f); /* |x| / sqrt(x^2): one, by the definition */
  tenon_program_destroy(program);
  tenon_graph_destroy(graph);
}

int main(int argc, char** argv) {
  const int with_packs = argc > 2 && strcmp(argv[2], "packs") == 0;
  lent l = {0, 0, 0, 0};
  tenon_allocator allocator = TENON_ALLOCATOR_INIT;
  tenon_thread_pool pool = TENON_THREAD_POOL_INIT;
  tenon_context_options options = TENON_CONTEXT_OPTIONS_INIT;
  tenon_context* context = NULL;
  if (argc < 2) {
    fprintf(stderr, "usage: host FOLDER [packs]\n");
    return 2;
  }
  allocator.user = &l;
  allocator.allocate = lend;
  allocator.reallocate = lend_more;
  allocator.release = take_back;
  pool.user = &l;
  pool.threads = 1;
  pool.parallel_for = parallel_for;
  options.flags = TENON_CONTEXT_NO_ENV | TENON_CONTEXT_NO_USER_DIR | TENON_CONTEXT_STRICT_FP;
  if (!with_packs) options.flags |= TENON_CONTEXT_NO_SYSTEM_DIR;
  options.log = log_line;
  options.log_user = &l;
  options.log_level = TENON_LOG_WARNING;
  options.allocator = &allocator;
  options.thread_pool = &pool;

  REQUIRE(tenon_version()[0] >= '0' && tenon_version()[0] <= '9');
  errors();
  dtypes();
  CHECK(tenon_context_create(&options, &context, &error));
  CHECK(tenon_context_add_plugin_path(context, argv[1], NUL, &error));
  CHECK(tenon_context_deny_plugins(context, "nobody.*", NUL, &error));
  reports(context);
  graphs(context, &l);
  operators(context);
  tensors(context);
  if (with_packs) packs(context);
  tenon_context_destroy(context);
  REQUIRE(l.calls > 0 && l.bytes == 0); /* all that was lent came back */
  REQUIRE(l.lines == 2);                /* travel-c said that it was created and destroyed */
  printf("host: all right with libtenon %s\n", tenon_version());
  return 0;
}

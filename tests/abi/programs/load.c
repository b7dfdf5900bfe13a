/* libtenon opened by a program that is not linked with it:
 *
 *     load dlopen  LIBTENON FOLDER    opened, used, closed and opened again, in threads that end in between
 *     load dlmopen LIBTENON FOLDER    two copies in namespaces of their own beside the first, all in use at once
 *     load exit    LIBTENON FOLDER    the process ends while another thread is inside the library
 *
 * FOLDER has the plugin travel-c. Exit status 0: all right. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tenon/tenon.h"

/* The functions that one copy of the library gives. */
typedef struct api {
#define FUNCTION(name) __typeof__(tenon_##name)* name;
#define FUNCTIONS                   \
  FUNCTION(context_create)          \
  FUNCTION(context_destroy)         \
  FUNCTION(context_add_plugin_path) \
  FUNCTION(graph_from_operator)     \
  FUNCTION(graph_destroy)           \
  FUNCTION(graph_compile)           \
  FUNCTION(program_run) FUNCTION(program_destroy) FUNCTION(plugins_json) FUNCTION(blob_release) FUNCTION(error_get_report)
  FUNCTIONS
#undef FUNCTION
} api;

static const char* folder;

static void fail(const char* what, const char* why) {
  fprintf(stderr, "load: %s: %s\n", what, why == NULL ? "no reason" : why);
  exit(1);
}

static api bind_to(void* library) {
  api out;
#define FUNCTION(name) \
  if ((*(void**)(&out.name) = dlsym(library, "tenon_" #name)) == NULL) fail("tenon_" #name, dlerror());
  FUNCTIONS
#undef FUNCTION
  return out;
}

static tenon_context* make_context(const api* t) {
  tenon_context_options options = TENON_CONTEXT_OPTIONS_INIT;
  tenon_context* context = NULL;
  tenon_error* error = NULL;
  options.flags = TENON_CONTEXT_NO_ENV | TENON_CONTEXT_NO_USER_DIR | TENON_CONTEXT_NO_SYSTEM_DIR;
  options.threads = 2;
  if (t->context_create(&options, &context, &error) != TENON_OK) fail("context_create", t->error_get_report(error, NULL));
  if (t->context_add_plugin_path(context, folder, TENON_NUL_TERMINATED, &error) != TENON_OK)
    fail("add_plugin_path", t->error_get_report(error, NULL));
  return context;
}

/* y = x * 2 + 1 over 3 elements, and over enough of them for the pool's threads to work. */
static void use(const api* t, tenon_context* context) {
  enum { count = 4096 };
  static const char* const shapes[2] = {"3", "4096"};
  const int64_t sizes[2] = {3, count};
  static float x[count];
  float y[count];
  int round, i;
  for (round = 0; round < 2; ++round) {
    tenon_operator_source source = TENON_OPERATOR_SOURCE_INIT;
    tenon_tensor_view input = TENON_TENSOR_VIEW_INIT, output;
    tenon_graph* graph = NULL;
    tenon_program* program = NULL;
    tenon_error* error = NULL;
    source.op = "travel_c.affine";
    source.op_length = TENON_NUL_TERMINATED;
    source.dtype = "f32";
    source.dtype_length = 3;
    source.shapes = shapes[round];
    source.shapes_length = TENON_NUL_TERMINATED;
    if (t->graph_from_operator(context, &source, &graph, &error) != TENON_OK) fail("graph", t->error_get_report(error, NULL));
    if (t->graph_compile(graph, NULL, &program, &error) != TENON_OK) fail("compile", t->error_get_report(error, NULL));
    input.data = x;
    input.dims = &sizes[round];
    input.rank = 1;
    input.dtype = TENON_F32;
    output = input;
    output.data = y;
    if (t->program_run(program, &input, 1, &output, 1, NULL, &error) != TENON_OK) fail("run", t->error_get_report(error, NULL));
    for (i = 0; i < (int)sizes[round]; ++i)
      if (y[i] != x[i] * 2 + 1) fail("the result", "is wrong");
    t->program_destroy(program);
    t->graph_destroy(graph);
  }
}

static void use_once(const api* t) {
  tenon_context* context = make_context(t);
  use(t, context);
  t->context_destroy(context);
}

static void* thread_of_use(void* argument) {
  use_once((const api*)argument);
  return NULL;
}

static int open_and_close(const char* path) {
  void *first = NULL, *library;
  int round;
  for (round = 0; round < 3; ++round) {
    pthread_t thread;
    api t;
    if ((library = dlopen(path, RTLD_NOW | RTLD_LOCAL)) == NULL) fail("dlopen", dlerror());
    if (round > 0 && library != first) fail("dlopen", "another copy than the first time");
    first = library;
    t = bind_to(library);
    use_once(&t);
    /* A thread that used the library ends after it was closed: what it left behind must still be there to clean it up. */
    if (pthread_create(&thread, NULL, thread_of_use, &t) != 0) fail("pthread_create", NULL);
    if (dlclose(library) != 0) fail("dlclose", dlerror());
    if (pthread_join(thread, NULL) != 0) fail("pthread_join", NULL);
    if ((library = dlopen(path, RTLD_NOW | RTLD_NOLOAD)) == NULL) fail("after dlclose", "the library is unmapped; -z nodelete is missing");
    dlclose(library);
  }
  puts("dlopen: opened, used and closed three times");
  return 0;
}

static int open_copies(const char* path) {
  enum { copies = 3 };
  void* libraries[copies];
  tenon_context* contexts[copies];
  api t[copies];
  int i, round;
  for (i = 0; i < copies; ++i) {
    libraries[i] = dlmopen(i == 0 ? LM_ID_BASE : LM_ID_NEWLM, path, RTLD_NOW | RTLD_LOCAL);
    if (libraries[i] == NULL) fail("dlmopen", dlerror());
    t[i] = bind_to(libraries[i]);
    if (i > 0 && t[i].program_run == t[i - 1].program_run) fail("dlmopen", "gave the same copy twice");
    contexts[i] = make_context(&t[i]);
  }
  for (round = 0; round < 3; ++round)
    for (i = 0; i < copies; ++i) use(&t[i], contexts[i]);
  t[1].context_destroy(contexts[1]);
  use(&t[0], contexts[0]); /* the others live on */
  use(&t[2], contexts[2]);
  t[0].context_destroy(contexts[0]);
  use(&t[2], contexts[2]);
  t[2].context_destroy(contexts[2]);
  puts("dlmopen: three copies side by side");
  return 0;
}

static void* use_for_ever(void* argument) {
  const api* t = (const api*)argument;
  for (;;) use_once(t);
  return NULL;
}

static int end_while_in_use(const char* path) {
  static api t;
  const struct timespec pause = {0, 30000000};
  pthread_t threads[2];
  void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  int i;
  if (library == NULL) fail("dlopen", dlerror());
  t = bind_to(library);
  for (i = 0; i < 2; ++i)
    if (pthread_create(&threads[i], NULL, use_for_ever, &t) != 0) fail("pthread_create", NULL);
  nanosleep(&pause, NULL);
  puts("exit: with two threads inside");
  return 0; /* exit handlers and destructors run beside the threads */
}

int main(int argc, char** argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: load dlopen|dlmopen|exit LIBTENON FOLDER\n");
    return 2;
  }
  folder = argv[3];
  if (strcmp(argv[1], "dlopen") == 0) return open_and_close(argv[2]);
  if (strcmp(argv[1], "dlmopen") == 0) return open_copies(argv[2]);
  if (strcmp(argv[1], "exit") == 0) return end_while_in_use(argv[2]);
  fprintf(stderr, "load: unknown mode %s\n", argv[1]);
  return 2;
}

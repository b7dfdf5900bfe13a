/* discovery ROUNDS: how long a new context takes to find and judge every plugin; median and least of ROUNDS, in microseconds, as JSON. */
#define _POSIX_C_SOURCE 199309L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tenon/tenon.h"

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int compare(const void* a, const void* b) {
  const double x = *(const double*)a, y = *(const double*)b;
  return (x > y) - (x < y);
}

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? atoi(argv[1]) : 1;
  double* times = calloc((size_t)rounds + 1, sizeof *times);
  int found = 0, good = 0, i;
  if (rounds < 1 || times == NULL) return 2;
  for (i = 0; i <= rounds; ++i) { /* the first is not counted: it warms the file system */
    tenon_error* error = NULL;
    tenon_context* context = NULL;
    tenon_blob* report = NULL;
    const char* at;
    const double begin = now();
    if (tenon_context_create(NULL, &context, &error) != TENON_OK || tenon_plugins_json(context, &report, &error) != TENON_OK) {
      fprintf(stderr, "%s\n", tenon_error_get_report(error, NULL));
      return 1;
    }
    times[i] = now() - begin;
    found = good = 0;
    for (at = tenon_blob_get_data(report, NULL); (at = strstr(at, "\"manifest\":")) != NULL; ++at) ++found;
    for (at = tenon_blob_get_data(report, NULL); (at = strstr(at, "\"state\":\"VALIDATED\"")) != NULL; ++at) ++good;
    tenon_blob_release(report);
    tenon_context_destroy(context);
  }
  qsort(times + 1, (size_t)rounds, sizeof *times, compare);
  printf("{\"found\": %d, \"good\": %d, \"rounds\": %d, \"median_us\": %.0f, \"min_us\": %.0f}\n", found, good, rounds,
         times[1 + rounds / 2], times[1]);
  free(times);
  return 0;
}

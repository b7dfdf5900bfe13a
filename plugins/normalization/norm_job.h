// One run of layer_norm, group_norm or l2_norm: what their kernel.cpp files hand to a level's table in layer_norm/kernel.simd.cpp (rows)
// and group_norm/kernel.simd.cpp (rows that lie side by side). Plain types only.
//
// All three take a statistic of each row and write (x - mean) * k * scale + bias; in l2_norm the mean is 0 and k is 1 / norm.
#pragma once

#include "plugins/support/columns.h"
#include "plugins/support/path.h"
#include "plugins/support/rows.h"

namespace tenon::normalization {

using columns::Columns;
using kernels::Path;

enum class Statistic : uint8_t {
  Moments,  // mean and variance: k = 1 / sqrt(variance + epsilon)
  Length,   // the root of the sum of squares: k = 1 / max(root, epsilon)
};

// A scale or bias as the caller gave it.
struct Parameter {
  const char* data;  // null: none
  tenon_dtype dtype;
  bool contiguous;
  int64_t strides[TENON_MAX_RANK];  // as Space::inner_sizes; group_norm: [0] is the channel's
};

// In what form the rows read their parameters.
enum class Form : uint8_t {
  Runs,  // one scale and one bias for `run` elements in a row; none at all: a row is one run of 1 and -0
  Wide,  // a f32 for each element: the caller's own, or made by Table::prepare
  Own,   // an element of the rows' 16-bit type for each element, as the caller gave it
};

struct Job {
  tenon_dtype dtype;
  Statistic statistic;
  Path path;
  double epsilon;
  rows::Space space;
  rows::View x, y;
  Parameter scale, bias;
  // group_norm: rows are [N, groups], and each group has its own `channels` parameters. Otherwise groups is 1.
  size_t groups, channels;
  size_t run;  // elements that share a parameter: all the positions of a channel; 0: none do (layer_norm)
  Form form;
  // Form::Runs: one f32 for each channel of all groups. Otherwise those of one group after the other, `stride` elements apart; null: none.
  const void* scales;
  const void* biases;
  size_t stride;
  Columns columns;   // where the rows lie side by side
  size_t positions;  // elements of such a column
  // Rows that are not contiguous go through these, one for each thread's slot.
  char* buffers;
  size_t row_bytes;
};

struct Table {
  size_t vector_bytes;
  size_t unit;  // elements that are handled at once
  // Parameters of job.form in f32: for Form::Wide in the order in which rows of job.dtype are read, with room for whole units (job.stride).
  void (*prepare)(const Job& job, const Parameter& from, float* out);
  // Rows [begin, end); slot: which of the buffers to use.
  void (*rows)(const Job& job, size_t begin, size_t end, size_t slot);
};

// Where the elements of a row are not neighbours but rows are: a vector across rows.
struct ColumnTable {
  size_t unit;
  // Tiles [begin, end) of columns, each a row of its own (l2_norm).
  void (*lengths)(const Job& job, size_t begin, size_t end, size_t slot);
  // The same where `channels` neighbouring columns are one row (group_norm with channels last); tiles hold whole groups.
  void (*moments)(const Job& job, size_t begin, size_t end, size_t slot);
};

}  // namespace tenon::normalization

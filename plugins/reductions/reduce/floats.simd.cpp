// Reductions of f32, f16 and bf16, by rows or by columns. What is not contiguous is gathered into chunks and strips first, so a result
// depends on shape and level, not on strides or threads.
#include "plugins/reductions/reduce/column_folds.hpp"
#include "plugins/reductions/reduce/row_folds.hpp"

namespace {

template <class Row>
void run_all(const Job& job, std::size_t begin, std::size_t end, std::size_t slot) {
  job.columns ? run_columns<Row>(job, begin, end, slot) : run_rows<Row>(job, begin, end, slot);
}
template <class Row>
void merge_all(const Job& job, std::size_t begin, std::size_t end) {
  job.columns ? merge_columns<Row>(job, begin, end) : merge_rows<Row>(job, begin, end);
}

void run(const Job& job, std::size_t begin, std::size_t end, std::size_t slot) {
  job.dtype == TENON_F32   ? run_all<RowF32>(job, begin, end, slot)
  : job.dtype == TENON_F16 ? run_all<RowF16>(job, begin, end, slot)
                           : run_all<RowBF16>(job, begin, end, slot);
}
void merge(const Job& job, std::size_t begin, std::size_t end, std::size_t) {
  job.dtype == TENON_F32   ? merge_all<RowF32>(job, begin, end)
  : job.dtype == TENON_F16 ? merge_all<RowF16>(job, begin, end)
                           : merge_all<RowBF16>(job, begin, end);
}

}  // namespace

namespace tenon::reductions::TENON_SIMD_NAMESPACE {
extern const Table float_table;
const Table float_table = {kUnit, run, merge};
}  // namespace tenon::reductions::TENON_SIMD_NAMESPACE

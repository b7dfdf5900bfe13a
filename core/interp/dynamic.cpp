// Operations on dynamic shapes, once the types are static: the shape operands must agree with the types.
#include "core/interp/ops.h"
#include "core/interp/walk.h"
#include "core/type/convert.h"

namespace tenon::interp {

using stablehlo::OpCode;

Status run_dynamic_shape(const Work& work) {
  const TensorView& to = work.results[0];
  const TensorView& shape = work.operands[work.op.code == OpCode::DynamicIota ? 0 : 1];
  const Block sizes(shape);
  for (int i = 0; i < to.rank(); ++i) {
    const std::int64_t size = load_index(shape.dtype, sizes.data + i * sizes.steps[0]);
    if (size != to.dims[i])
      return op_error(work.op, Code::InvalidArgument,
                      cat("the shape operand says ", size, " for dimension ", i, ", the result type says ", to.dims[i]));
  }
  switch (work.op.code) {
    case OpCode::DynamicIota:
      return run_iota(work);
    case OpCode::DynamicReshape:
    case OpCode::TensorReshape:
      return run_reshape(work);
    default:
      return run_broadcast_in_dim(work);
  }
}

Status run_get_dimension_size(const Work& work) {
  store_i64(work.results[0].dtype, work.results[0].data, work.operands[0].dims[get_int(work.op.attributes, "dimension")]);
  return {};
}

// With static types there is nothing to set: the size must be the one that the type has.
Status run_set_dimension_size(const Work& work) {
  const std::int64_t size = load_index(work.operands[1].dtype, work.operands[1].data);
  const std::int64_t dim = get_int(work.op.attributes, "dimension");
  if (size != work.results[0].dims[dim])
    return op_error(work.op, Code::InvalidArgument,
                    cat("size ", size, " for dimension ", dim, ", the result type says ", work.results[0].dims[dim]));
  copy(work.operands[0], work.results[0]);
  return {};
}

}  // namespace tenon::interp

// What `tenon lower` writes for the cases that say `text: true`. Rewritten by tests/goldens/check.py --update.

// rms_norm: plain, f32
module @rms_norm.plain {
  func.func public @main(%arg0: tensor<4x640xf32>) -> tensor<4x640xf32> {
    %0 = stablehlo.multiply %arg0, %arg0 : tensor<4x640xf32>
    %1 = stablehlo.constant dense<0.0> : tensor<f32>
    %2 = stablehlo.reduce(%0 init: %1) applies stablehlo.add across dimensions = [1] : (tensor<4x640xf32>, tensor<f32>) -> tensor<4xf32>
    %4 = stablehlo.reshape %2 : (tensor<4xf32>) -> tensor<4x1xf32>
    %5 = stablehlo.constant dense<640.0> : tensor<4x1xf32>
    %6 = stablehlo.divide %4, %5 : tensor<4x1xf32>
    %7 = stablehlo.constant dense<1.0e-06> : tensor<4x1xf32>
    %8 = stablehlo.add %6, %7 : tensor<4x1xf32>
    %9 = stablehlo.sqrt %8 : tensor<4x1xf32>
    %10 = stablehlo.constant dense<1.0> : tensor<4x1xf32>
    %11 = stablehlo.divide %10, %9 : tensor<4x1xf32>
    %12 = stablehlo.broadcast_in_dim %11, dims = [0, 1] : (tensor<4x1xf32>) -> tensor<4x640xf32>
    %13 = stablehlo.multiply %arg0, %12 : tensor<4x640xf32>
    return %13 : tensor<4x640xf32>
  }
}

// rms_norm: plain, bf16
module @rms_norm.plain {
  func.func public @main(%arg0: tensor<4x640xbf16>) -> tensor<4x640xbf16> {
    %0 = stablehlo.convert %arg0 : (tensor<4x640xbf16>) -> tensor<4x640xf32>
    %1 = stablehlo.multiply %0, %0 : tensor<4x640xf32>
    %2 = stablehlo.constant dense<0.0> : tensor<f32>
    %3 = stablehlo.reduce(%1 init: %2) applies stablehlo.add across dimensions = [1] : (tensor<4x640xf32>, tensor<f32>) -> tensor<4xf32>
    %5 = stablehlo.reshape %3 : (tensor<4xf32>) -> tensor<4x1xf32>
    %6 = stablehlo.constant dense<640.0> : tensor<4x1xf32>
    %7 = stablehlo.divide %5, %6 : tensor<4x1xf32>
    %8 = stablehlo.constant dense<1.0e-06> : tensor<4x1xf32>
    %9 = stablehlo.add %7, %8 : tensor<4x1xf32>
    %10 = stablehlo.sqrt %9 : tensor<4x1xf32>
    %11 = stablehlo.constant dense<1.0> : tensor<4x1xf32>
    %12 = stablehlo.divide %11, %10 : tensor<4x1xf32>
    %13 = stablehlo.broadcast_in_dim %12, dims = [0, 1] : (tensor<4x1xf32>) -> tensor<4x640xf32>
    %14 = stablehlo.multiply %0, %13 : tensor<4x640xf32>
    %15 = stablehlo.convert %14 : (tensor<4x640xf32>) -> tensor<4x640xbf16>
    return %15 : tensor<4x640xbf16>
  }
}

// rms_norm: scaled, f32
module @rms_norm.scaled {
  func.func public @main(%arg0: tensor<4x640xf32>, %arg1: tensor<640xf32>) -> tensor<4x640xf32> {
    %0 = stablehlo.multiply %arg0, %arg0 : tensor<4x640xf32>
    %1 = stablehlo.constant dense<0.0> : tensor<f32>
    %2 = stablehlo.reduce(%0 init: %1) applies stablehlo.add across dimensions = [1] : (tensor<4x640xf32>, tensor<f32>) -> tensor<4xf32>
    %4 = stablehlo.reshape %2 : (tensor<4xf32>) -> tensor<4x1xf32>
    %5 = stablehlo.constant dense<640.0> : tensor<4x1xf32>
    %6 = stablehlo.divide %4, %5 : tensor<4x1xf32>
    %7 = stablehlo.constant dense<1.0e-05> : tensor<4x1xf32>
    %8 = stablehlo.add %6, %7 : tensor<4x1xf32>
    %9 = stablehlo.sqrt %8 : tensor<4x1xf32>
    %10 = stablehlo.constant dense<1.0> : tensor<4x1xf32>
    %11 = stablehlo.divide %10, %9 : tensor<4x1xf32>
    %12 = stablehlo.broadcast_in_dim %11, dims = [0, 1] : (tensor<4x1xf32>) -> tensor<4x640xf32>
    %13 = stablehlo.multiply %arg0, %12 : tensor<4x640xf32>
    %14 = stablehlo.broadcast_in_dim %arg1, dims = [1] : (tensor<640xf32>) -> tensor<4x640xf32>
    %15 = stablehlo.multiply %13, %14 : tensor<4x640xf32>
    return %15 : tensor<4x640xf32>
  }
}

// rms_norm: scaled, bf16
module @rms_norm.scaled {
  func.func public @main(%arg0: tensor<4x640xbf16>, %arg1: tensor<640xbf16>) -> tensor<4x640xbf16> {
    %0 = stablehlo.convert %arg0 : (tensor<4x640xbf16>) -> tensor<4x640xf32>
    %1 = stablehlo.multiply %0, %0 : tensor<4x640xf32>
    %2 = stablehlo.constant dense<0.0> : tensor<f32>
    %3 = stablehlo.reduce(%1 init: %2) applies stablehlo.add across dimensions = [1] : (tensor<4x640xf32>, tensor<f32>) -> tensor<4xf32>
    %5 = stablehlo.reshape %3 : (tensor<4xf32>) -> tensor<4x1xf32>
    %6 = stablehlo.constant dense<640.0> : tensor<4x1xf32>
    %7 = stablehlo.divide %5, %6 : tensor<4x1xf32>
    %8 = stablehlo.constant dense<1.0e-05> : tensor<4x1xf32>
    %9 = stablehlo.add %7, %8 : tensor<4x1xf32>
    %10 = stablehlo.sqrt %9 : tensor<4x1xf32>
    %11 = stablehlo.constant dense<1.0> : tensor<4x1xf32>
    %12 = stablehlo.divide %11, %10 : tensor<4x1xf32>
    %13 = stablehlo.broadcast_in_dim %12, dims = [0, 1] : (tensor<4x1xf32>) -> tensor<4x640xf32>
    %14 = stablehlo.multiply %0, %13 : tensor<4x640xf32>
    %15 = stablehlo.convert %arg1 : (tensor<640xbf16>) -> tensor<640xf32>
    %16 = stablehlo.broadcast_in_dim %15, dims = [1] : (tensor<640xf32>) -> tensor<4x640xf32>
    %17 = stablehlo.multiply %14, %16 : tensor<4x640xf32>
    %18 = stablehlo.convert %17 : (tensor<4x640xf32>) -> tensor<4x640xbf16>
    return %18 : tensor<4x640xbf16>
  }
}

// rms_norm: scale_f32, bf16
module @rms_norm.scale_f32 {
  func.func public @main(%arg0: tensor<3x96xbf16>, %arg1: tensor<96xf32>) -> tensor<3x96xbf16> {
    %0 = stablehlo.convert %arg0 : (tensor<3x96xbf16>) -> tensor<3x96xf32>
    %1 = stablehlo.multiply %0, %0 : tensor<3x96xf32>
    %2 = stablehlo.constant dense<0.0> : tensor<f32>
    %3 = stablehlo.reduce(%1 init: %2) applies stablehlo.add across dimensions = [1] : (tensor<3x96xf32>, tensor<f32>) -> tensor<3xf32>
    %5 = stablehlo.reshape %3 : (tensor<3xf32>) -> tensor<3x1xf32>
    %6 = stablehlo.constant dense<96.0> : tensor<3x1xf32>
    %7 = stablehlo.divide %5, %6 : tensor<3x1xf32>
    %8 = stablehlo.constant dense<1.0e-06> : tensor<3x1xf32>
    %9 = stablehlo.add %7, %8 : tensor<3x1xf32>
    %10 = stablehlo.sqrt %9 : tensor<3x1xf32>
    %11 = stablehlo.constant dense<1.0> : tensor<3x1xf32>
    %12 = stablehlo.divide %11, %10 : tensor<3x1xf32>
    %13 = stablehlo.broadcast_in_dim %12, dims = [0, 1] : (tensor<3x1xf32>) -> tensor<3x96xf32>
    %14 = stablehlo.multiply %0, %13 : tensor<3x96xf32>
    %15 = stablehlo.broadcast_in_dim %arg1, dims = [1] : (tensor<96xf32>) -> tensor<3x96xf32>
    %16 = stablehlo.multiply %14, %15 : tensor<3x96xf32>
    %17 = stablehlo.convert %16 : (tensor<3x96xf32>) -> tensor<3x96xbf16>
    return %17 : tensor<3x96xbf16>
  }
}

// rms_norm: unit_offset, f32
module @rms_norm.unit_offset {
  func.func public @main(%arg0: tensor<2x3x40xf32>, %arg1: tensor<40xf32>) -> tensor<2x3x40xf32> {
    %0 = stablehlo.multiply %arg0, %arg0 : tensor<2x3x40xf32>
    %1 = stablehlo.constant dense<0.0> : tensor<f32>
    %2 = stablehlo.reduce(%0 init: %1) applies stablehlo.add across dimensions = [2] : (tensor<2x3x40xf32>, tensor<f32>) -> tensor<2x3xf32>
    %4 = stablehlo.reshape %2 : (tensor<2x3xf32>) -> tensor<2x3x1xf32>
    %5 = stablehlo.constant dense<40.0> : tensor<2x3x1xf32>
    %6 = stablehlo.divide %4, %5 : tensor<2x3x1xf32>
    %7 = stablehlo.constant dense<1.0e-06> : tensor<2x3x1xf32>
    %8 = stablehlo.add %6, %7 : tensor<2x3x1xf32>
    %9 = stablehlo.sqrt %8 : tensor<2x3x1xf32>
    %10 = stablehlo.constant dense<1.0> : tensor<2x3x1xf32>
    %11 = stablehlo.divide %10, %9 : tensor<2x3x1xf32>
    %12 = stablehlo.broadcast_in_dim %11, dims = [0, 1, 2] : (tensor<2x3x1xf32>) -> tensor<2x3x40xf32>
    %13 = stablehlo.multiply %arg0, %12 : tensor<2x3x40xf32>
    %14 = stablehlo.constant dense<1.0> : tensor<40xf32>
    %15 = stablehlo.add %arg1, %14 : tensor<40xf32>
    %16 = stablehlo.broadcast_in_dim %15, dims = [2] : (tensor<40xf32>) -> tensor<2x3x40xf32>
    %17 = stablehlo.multiply %13, %16 : tensor<2x3x40xf32>
    return %17 : tensor<2x3x40xf32>
  }
}

// rms_norm: unit_offset, bf16
module @rms_norm.unit_offset {
  func.func public @main(%arg0: tensor<2x3x40xbf16>, %arg1: tensor<40xbf16>) -> tensor<2x3x40xbf16> {
    %0 = stablehlo.convert %arg0 : (tensor<2x3x40xbf16>) -> tensor<2x3x40xf32>
    %1 = stablehlo.multiply %0, %0 : tensor<2x3x40xf32>
    %2 = stablehlo.constant dense<0.0> : tensor<f32>
    %3 = stablehlo.reduce(%1 init: %2) applies stablehlo.add across dimensions = [2] : (tensor<2x3x40xf32>, tensor<f32>) -> tensor<2x3xf32>
    %5 = stablehlo.reshape %3 : (tensor<2x3xf32>) -> tensor<2x3x1xf32>
    %6 = stablehlo.constant dense<40.0> : tensor<2x3x1xf32>
    %7 = stablehlo.divide %5, %6 : tensor<2x3x1xf32>
    %8 = stablehlo.constant dense<1.0e-06> : tensor<2x3x1xf32>
    %9 = stablehlo.add %7, %8 : tensor<2x3x1xf32>
    %10 = stablehlo.sqrt %9 : tensor<2x3x1xf32>
    %11 = stablehlo.constant dense<1.0> : tensor<2x3x1xf32>
    %12 = stablehlo.divide %11, %10 : tensor<2x3x1xf32>
    %13 = stablehlo.broadcast_in_dim %12, dims = [0, 1, 2] : (tensor<2x3x1xf32>) -> tensor<2x3x40xf32>
    %14 = stablehlo.multiply %0, %13 : tensor<2x3x40xf32>
    %15 = stablehlo.convert %arg1 : (tensor<40xbf16>) -> tensor<40xf32>
    %16 = stablehlo.constant dense<1.0> : tensor<40xf32>
    %17 = stablehlo.add %15, %16 : tensor<40xf32>
    %18 = stablehlo.broadcast_in_dim %17, dims = [2] : (tensor<40xf32>) -> tensor<2x3x40xf32>
    %19 = stablehlo.multiply %14, %18 : tensor<2x3x40xf32>
    %20 = stablehlo.convert %19 : (tensor<2x3x40xf32>) -> tensor<2x3x40xbf16>
    return %20 : tensor<2x3x40xbf16>
  }
}

// rms_norm: residual, f32
module @rms_norm.residual {
  func.func public @main(%arg0: tensor<4x72xf32>, %arg1: tensor<4x72xf32>) -> (tensor<4x72xf32>, tensor<4x72xf32>) {
    %0 = stablehlo.add %arg0, %arg1 : tensor<4x72xf32>
    %1 = stablehlo.multiply %0, %0 : tensor<4x72xf32>
    %2 = stablehlo.constant dense<0.0> : tensor<f32>
    %3 = stablehlo.reduce(%1 init: %2) applies stablehlo.add across dimensions = [1] : (tensor<4x72xf32>, tensor<f32>) -> tensor<4xf32>
    %5 = stablehlo.reshape %3 : (tensor<4xf32>) -> tensor<4x1xf32>
    %6 = stablehlo.constant dense<72.0> : tensor<4x1xf32>
    %7 = stablehlo.divide %5, %6 : tensor<4x1xf32>
    %8 = stablehlo.constant dense<1.0e-06> : tensor<4x1xf32>
    %9 = stablehlo.add %7, %8 : tensor<4x1xf32>
    %10 = stablehlo.sqrt %9 : tensor<4x1xf32>
    %11 = stablehlo.constant dense<1.0> : tensor<4x1xf32>
    %12 = stablehlo.divide %11, %10 : tensor<4x1xf32>
    %13 = stablehlo.broadcast_in_dim %12, dims = [0, 1] : (tensor<4x1xf32>) -> tensor<4x72xf32>
    %14 = stablehlo.multiply %0, %13 : tensor<4x72xf32>
    return %14, %0 : tensor<4x72xf32>, tensor<4x72xf32>
  }
}

// rms_norm: residual, bf16
module @rms_norm.residual {
  func.func public @main(%arg0: tensor<4x72xbf16>, %arg1: tensor<4x72xbf16>) -> (tensor<4x72xbf16>, tensor<4x72xbf16>) {
    %0 = stablehlo.convert %arg0 : (tensor<4x72xbf16>) -> tensor<4x72xf32>
    %1 = stablehlo.convert %arg1 : (tensor<4x72xbf16>) -> tensor<4x72xf32>
    %2 = stablehlo.add %0, %1 : tensor<4x72xf32>
    %3 = stablehlo.convert %2 : (tensor<4x72xf32>) -> tensor<4x72xbf16>
    %4 = stablehlo.convert %3 : (tensor<4x72xbf16>) -> tensor<4x72xf32>
    %5 = stablehlo.multiply %4, %4 : tensor<4x72xf32>
    %6 = stablehlo.constant dense<0.0> : tensor<f32>
    %7 = stablehlo.reduce(%5 init: %6) applies stablehlo.add across dimensions = [1] : (tensor<4x72xf32>, tensor<f32>) -> tensor<4xf32>
    %9 = stablehlo.reshape %7 : (tensor<4xf32>) -> tensor<4x1xf32>
    %10 = stablehlo.constant dense<72.0> : tensor<4x1xf32>
    %11 = stablehlo.divide %9, %10 : tensor<4x1xf32>
    %12 = stablehlo.constant dense<1.0e-06> : tensor<4x1xf32>
    %13 = stablehlo.add %11, %12 : tensor<4x1xf32>
    %14 = stablehlo.sqrt %13 : tensor<4x1xf32>
    %15 = stablehlo.constant dense<1.0> : tensor<4x1xf32>
    %16 = stablehlo.divide %15, %14 : tensor<4x1xf32>
    %17 = stablehlo.broadcast_in_dim %16, dims = [0, 1] : (tensor<4x1xf32>) -> tensor<4x72xf32>
    %18 = stablehlo.multiply %4, %17 : tensor<4x72xf32>
    %19 = stablehlo.convert %18 : (tensor<4x72xf32>) -> tensor<4x72xbf16>
    return %19, %3 : tensor<4x72xbf16>, tensor<4x72xbf16>
  }
}

// rms_norm: everything, f32
module @rms_norm.everything {
  func.func public @main(%arg0: tensor<2x5x67xf32>, %arg1: tensor<67xf32>, %arg2: tensor<2x5x67xf32>, %arg3: tensor<2x1x67xf32>) -> (tensor<2x5x67xf32>, tensor<2x5x67xf32>) {
    %0 = stablehlo.add %arg0, %arg2 : tensor<2x5x67xf32>
    %1 = stablehlo.multiply %0, %0 : tensor<2x5x67xf32>
    %2 = stablehlo.constant dense<0.0> : tensor<f32>
    %3 = stablehlo.reduce(%1 init: %2) applies stablehlo.add across dimensions = [2] : (tensor<2x5x67xf32>, tensor<f32>) -> tensor<2x5xf32>
    %5 = stablehlo.reshape %3 : (tensor<2x5xf32>) -> tensor<2x5x1xf32>
    %6 = stablehlo.constant dense<67.0> : tensor<2x5x1xf32>
    %7 = stablehlo.divide %5, %6 : tensor<2x5x1xf32>
    %8 = stablehlo.constant dense<1.0e-05> : tensor<2x5x1xf32>
    %9 = stablehlo.add %7, %8 : tensor<2x5x1xf32>
    %10 = stablehlo.sqrt %9 : tensor<2x5x1xf32>
    %11 = stablehlo.constant dense<1.0> : tensor<2x5x1xf32>
    %12 = stablehlo.divide %11, %10 : tensor<2x5x1xf32>
    %13 = stablehlo.broadcast_in_dim %12, dims = [0, 1, 2] : (tensor<2x5x1xf32>) -> tensor<2x5x67xf32>
    %14 = stablehlo.multiply %0, %13 : tensor<2x5x67xf32>
    %15 = stablehlo.constant dense<1.0> : tensor<67xf32>
    %16 = stablehlo.add %arg1, %15 : tensor<67xf32>
    %17 = stablehlo.broadcast_in_dim %16, dims = [2] : (tensor<67xf32>) -> tensor<2x5x67xf32>
    %18 = stablehlo.multiply %14, %17 : tensor<2x5x67xf32>
    %19 = stablehlo.broadcast_in_dim %arg3, dims = [0, 1, 2] : (tensor<2x1x67xf32>) -> tensor<2x5x67xf32>
    %20 = stablehlo.multiply %18, %19 : tensor<2x5x67xf32>
    return %20, %0 : tensor<2x5x67xf32>, tensor<2x5x67xf32>
  }
}

// rms_norm: everything, bf16
module @rms_norm.everything {
  func.func public @main(%arg0: tensor<2x5x67xbf16>, %arg1: tensor<67xbf16>, %arg2: tensor<2x5x67xbf16>, %arg3: tensor<2x1x67xbf16>) -> (tensor<2x5x67xbf16>, tensor<2x5x67xbf16>) {
    %0 = stablehlo.convert %arg0 : (tensor<2x5x67xbf16>) -> tensor<2x5x67xf32>
    %1 = stablehlo.convert %arg2 : (tensor<2x5x67xbf16>) -> tensor<2x5x67xf32>
    %2 = stablehlo.add %0, %1 : tensor<2x5x67xf32>
    %3 = stablehlo.convert %2 : (tensor<2x5x67xf32>) -> tensor<2x5x67xbf16>
    %4 = stablehlo.convert %3 : (tensor<2x5x67xbf16>) -> tensor<2x5x67xf32>
    %5 = stablehlo.multiply %4, %4 : tensor<2x5x67xf32>
    %6 = stablehlo.constant dense<0.0> : tensor<f32>
    %7 = stablehlo.reduce(%5 init: %6) applies stablehlo.add across dimensions = [2] : (tensor<2x5x67xf32>, tensor<f32>) -> tensor<2x5xf32>
    %9 = stablehlo.reshape %7 : (tensor<2x5xf32>) -> tensor<2x5x1xf32>
    %10 = stablehlo.constant dense<67.0> : tensor<2x5x1xf32>
    %11 = stablehlo.divide %9, %10 : tensor<2x5x1xf32>
    %12 = stablehlo.constant dense<1.0e-05> : tensor<2x5x1xf32>
    %13 = stablehlo.add %11, %12 : tensor<2x5x1xf32>
    %14 = stablehlo.sqrt %13 : tensor<2x5x1xf32>
    %15 = stablehlo.constant dense<1.0> : tensor<2x5x1xf32>
    %16 = stablehlo.divide %15, %14 : tensor<2x5x1xf32>
    %17 = stablehlo.broadcast_in_dim %16, dims = [0, 1, 2] : (tensor<2x5x1xf32>) -> tensor<2x5x67xf32>
    %18 = stablehlo.multiply %4, %17 : tensor<2x5x67xf32>
    %19 = stablehlo.convert %arg1 : (tensor<67xbf16>) -> tensor<67xf32>
    %20 = stablehlo.constant dense<1.0> : tensor<67xf32>
    %21 = stablehlo.add %19, %20 : tensor<67xf32>
    %22 = stablehlo.broadcast_in_dim %21, dims = [2] : (tensor<67xf32>) -> tensor<2x5x67xf32>
    %23 = stablehlo.multiply %18, %22 : tensor<2x5x67xf32>
    %24 = stablehlo.convert %arg3 : (tensor<2x1x67xbf16>) -> tensor<2x1x67xf32>
    %25 = stablehlo.broadcast_in_dim %24, dims = [0, 1, 2] : (tensor<2x1x67xf32>) -> tensor<2x5x67xf32>
    %26 = stablehlo.multiply %23, %25 : tensor<2x5x67xf32>
    %27 = stablehlo.convert %26 : (tensor<2x5x67xf32>) -> tensor<2x5x67xbf16>
    return %27, %3 : tensor<2x5x67xbf16>, tensor<2x5x67xbf16>
  }
}

// rms_norm: middle_axis, f32
module @rms_norm.middle_axis {
  func.func public @main(%arg0: tensor<3x33x7xf32>, %arg1: tensor<33xf32>, %arg2: tensor<3x33x7xf32>, %arg3: tensor<7xf32>) -> (tensor<3x33x7xf32>, tensor<3x33x7xf32>) {
    %0 = stablehlo.add %arg0, %arg2 : tensor<3x33x7xf32>
    %1 = stablehlo.multiply %0, %0 : tensor<3x33x7xf32>
    %2 = stablehlo.constant dense<0.0> : tensor<f32>
    %3 = stablehlo.reduce(%1 init: %2) applies stablehlo.add across dimensions = [1] : (tensor<3x33x7xf32>, tensor<f32>) -> tensor<3x7xf32>
    %5 = stablehlo.reshape %3 : (tensor<3x7xf32>) -> tensor<3x1x7xf32>
    %6 = stablehlo.constant dense<33.0> : tensor<3x1x7xf32>
    %7 = stablehlo.divide %5, %6 : tensor<3x1x7xf32>
    %8 = stablehlo.constant dense<1.0e-06> : tensor<3x1x7xf32>
    %9 = stablehlo.add %7, %8 : tensor<3x1x7xf32>
    %10 = stablehlo.sqrt %9 : tensor<3x1x7xf32>
    %11 = stablehlo.constant dense<1.0> : tensor<3x1x7xf32>
    %12 = stablehlo.divide %11, %10 : tensor<3x1x7xf32>
    %13 = stablehlo.broadcast_in_dim %12, dims = [0, 1, 2] : (tensor<3x1x7xf32>) -> tensor<3x33x7xf32>
    %14 = stablehlo.multiply %0, %13 : tensor<3x33x7xf32>
    %15 = stablehlo.broadcast_in_dim %arg1, dims = [1] : (tensor<33xf32>) -> tensor<3x33x7xf32>
    %16 = stablehlo.multiply %14, %15 : tensor<3x33x7xf32>
    %17 = stablehlo.broadcast_in_dim %arg3, dims = [2] : (tensor<7xf32>) -> tensor<3x33x7xf32>
    %18 = stablehlo.multiply %16, %17 : tensor<3x33x7xf32>
    return %18, %0 : tensor<3x33x7xf32>, tensor<3x33x7xf32>
  }
}

// rms_norm: middle_axis, bf16
module @rms_norm.middle_axis {
  func.func public @main(%arg0: tensor<3x33x7xbf16>, %arg1: tensor<33xbf16>, %arg2: tensor<3x33x7xbf16>, %arg3: tensor<7xbf16>) -> (tensor<3x33x7xbf16>, tensor<3x33x7xbf16>) {
    %0 = stablehlo.convert %arg0 : (tensor<3x33x7xbf16>) -> tensor<3x33x7xf32>
    %1 = stablehlo.convert %arg2 : (tensor<3x33x7xbf16>) -> tensor<3x33x7xf32>
    %2 = stablehlo.add %0, %1 : tensor<3x33x7xf32>
    %3 = stablehlo.convert %2 : (tensor<3x33x7xf32>) -> tensor<3x33x7xbf16>
    %4 = stablehlo.convert %3 : (tensor<3x33x7xbf16>) -> tensor<3x33x7xf32>
    %5 = stablehlo.multiply %4, %4 : tensor<3x33x7xf32>
    %6 = stablehlo.constant dense<0.0> : tensor<f32>
    %7 = stablehlo.reduce(%5 init: %6) applies stablehlo.add across dimensions = [1] : (tensor<3x33x7xf32>, tensor<f32>) -> tensor<3x7xf32>
    %9 = stablehlo.reshape %7 : (tensor<3x7xf32>) -> tensor<3x1x7xf32>
    %10 = stablehlo.constant dense<33.0> : tensor<3x1x7xf32>
    %11 = stablehlo.divide %9, %10 : tensor<3x1x7xf32>
    %12 = stablehlo.constant dense<1.0e-06> : tensor<3x1x7xf32>
    %13 = stablehlo.add %11, %12 : tensor<3x1x7xf32>
    %14 = stablehlo.sqrt %13 : tensor<3x1x7xf32>
    %15 = stablehlo.constant dense<1.0> : tensor<3x1x7xf32>
    %16 = stablehlo.divide %15, %14 : tensor<3x1x7xf32>
    %17 = stablehlo.broadcast_in_dim %16, dims = [0, 1, 2] : (tensor<3x1x7xf32>) -> tensor<3x33x7xf32>
    %18 = stablehlo.multiply %4, %17 : tensor<3x33x7xf32>
    %19 = stablehlo.convert %arg1 : (tensor<33xbf16>) -> tensor<33xf32>
    %20 = stablehlo.broadcast_in_dim %19, dims = [1] : (tensor<33xf32>) -> tensor<3x33x7xf32>
    %21 = stablehlo.multiply %18, %20 : tensor<3x33x7xf32>
    %22 = stablehlo.convert %arg3 : (tensor<7xbf16>) -> tensor<7xf32>
    %23 = stablehlo.broadcast_in_dim %22, dims = [2] : (tensor<7xf32>) -> tensor<3x33x7xf32>
    %24 = stablehlo.multiply %21, %23 : tensor<3x33x7xf32>
    %25 = stablehlo.convert %24 : (tensor<3x33x7xf32>) -> tensor<3x33x7xbf16>
    return %25, %3 : tensor<3x33x7xbf16>, tensor<3x33x7xbf16>
  }
}

// rms_norm: two_dimensions, f32
module @rms_norm.two_dimensions {
  func.func public @main(%arg0: tensor<2x3x17xf32>, %arg1: tensor<3x17xf32>, %arg2: tensor<3x1xf32>) -> tensor<2x3x17xf32> {
    %0 = stablehlo.multiply %arg0, %arg0 : tensor<2x3x17xf32>
    %1 = stablehlo.constant dense<0.0> : tensor<f32>
    %2 = stablehlo.reduce(%0 init: %1) applies stablehlo.add across dimensions = [1, 2] : (tensor<2x3x17xf32>, tensor<f32>) -> tensor<2xf32>
    %4 = stablehlo.reshape %2 : (tensor<2xf32>) -> tensor<2x1x1xf32>
    %5 = stablehlo.constant dense<51.0> : tensor<2x1x1xf32>
    %6 = stablehlo.divide %4, %5 : tensor<2x1x1xf32>
    %7 = stablehlo.constant dense<1.0e-06> : tensor<2x1x1xf32>
    %8 = stablehlo.add %6, %7 : tensor<2x1x1xf32>
    %9 = stablehlo.sqrt %8 : tensor<2x1x1xf32>
    %10 = stablehlo.constant dense<1.0> : tensor<2x1x1xf32>
    %11 = stablehlo.divide %10, %9 : tensor<2x1x1xf32>
    %12 = stablehlo.broadcast_in_dim %11, dims = [0, 1, 2] : (tensor<2x1x1xf32>) -> tensor<2x3x17xf32>
    %13 = stablehlo.multiply %arg0, %12 : tensor<2x3x17xf32>
    %14 = stablehlo.broadcast_in_dim %arg1, dims = [1, 2] : (tensor<3x17xf32>) -> tensor<2x3x17xf32>
    %15 = stablehlo.multiply %13, %14 : tensor<2x3x17xf32>
    %16 = stablehlo.broadcast_in_dim %arg2, dims = [1, 2] : (tensor<3x1xf32>) -> tensor<2x3x17xf32>
    %17 = stablehlo.multiply %15, %16 : tensor<2x3x17xf32>
    return %17 : tensor<2x3x17xf32>
  }
}

// rms_norm: two_dimensions, bf16
module @rms_norm.two_dimensions {
  func.func public @main(%arg0: tensor<2x3x17xbf16>, %arg1: tensor<3x17xbf16>, %arg2: tensor<3x1xbf16>) -> tensor<2x3x17xbf16> {
    %0 = stablehlo.convert %arg0 : (tensor<2x3x17xbf16>) -> tensor<2x3x17xf32>
    %1 = stablehlo.multiply %0, %0 : tensor<2x3x17xf32>
    %2 = stablehlo.constant dense<0.0> : tensor<f32>
    %3 = stablehlo.reduce(%1 init: %2) applies stablehlo.add across dimensions = [1, 2] : (tensor<2x3x17xf32>, tensor<f32>) -> tensor<2xf32>
    %5 = stablehlo.reshape %3 : (tensor<2xf32>) -> tensor<2x1x1xf32>
    %6 = stablehlo.constant dense<51.0> : tensor<2x1x1xf32>
    %7 = stablehlo.divide %5, %6 : tensor<2x1x1xf32>
    %8 = stablehlo.constant dense<1.0e-06> : tensor<2x1x1xf32>
    %9 = stablehlo.add %7, %8 : tensor<2x1x1xf32>
    %10 = stablehlo.sqrt %9 : tensor<2x1x1xf32>
    %11 = stablehlo.constant dense<1.0> : tensor<2x1x1xf32>
    %12 = stablehlo.divide %11, %10 : tensor<2x1x1xf32>
    %13 = stablehlo.broadcast_in_dim %12, dims = [0, 1, 2] : (tensor<2x1x1xf32>) -> tensor<2x3x17xf32>
    %14 = stablehlo.multiply %0, %13 : tensor<2x3x17xf32>
    %15 = stablehlo.convert %arg1 : (tensor<3x17xbf16>) -> tensor<3x17xf32>
    %16 = stablehlo.broadcast_in_dim %15, dims = [1, 2] : (tensor<3x17xf32>) -> tensor<2x3x17xf32>
    %17 = stablehlo.multiply %14, %16 : tensor<2x3x17xf32>
    %18 = stablehlo.convert %arg2 : (tensor<3x1xbf16>) -> tensor<3x1xf32>
    %19 = stablehlo.broadcast_in_dim %18, dims = [1, 2] : (tensor<3x1xf32>) -> tensor<2x3x17xf32>
    %20 = stablehlo.multiply %17, %19 : tensor<2x3x17xf32>
    %21 = stablehlo.convert %20 : (tensor<2x3x17xf32>) -> tensor<2x3x17xbf16>
    return %21 : tensor<2x3x17xbf16>
  }
}

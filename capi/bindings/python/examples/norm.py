"""rms_norm: build, lower, run. The result is compared with the formula in float64."""

import numpy as np

import tenon


def main():
    with tenon.Context() as context:
        graph = context.graph("norm")
        x = graph.input("x", "f32", (2, 4))
        w = graph.input("w", "f32", (4,))
        graph.output("y", graph.rms_norm(x, w, epsilon=1e-5))

        text = graph.lower("iree")  # StableHLO text for IREE
        program = graph.compile()  # plan once, run often
        rows = np.array([[1, 2, 3, 4], [-1, 0, 1, 0]], np.float32)
        scale = np.array([1, 1, 2, 0.5], np.float32)
        y = program.run(x=rows, w=scale)  # NumPy in, NumPy out

    wide = rows.astype(np.float64)
    want = wide / np.sqrt(np.mean(wide * wide, axis=-1, keepdims=True) + 1e-5) * scale
    np.testing.assert_allclose(y, want, rtol=1e-6)
    print(text.splitlines()[0])
    print(np.round(y, 4))


if __name__ == "__main__":
    main()

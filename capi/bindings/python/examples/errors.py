"""An error and what to do about it: it says which node, what was wrong and what to try; the graph is as it was before."""

import tenon


def main():
    with tenon.Context() as context:
        graph = context.graph("norm")
        x = graph.input("x", "f32", (2, 4))
        try:
            graph.rms_norm(x, epsilom=1e-5, name="first")
        except tenon.Error as error:
            print(error.code)  # INVALID_ARGUMENT
            print(error.message)  # [rms_norm] has no attribute "epsilom"
            print(error.where["node"], error.where["operand"])  # first epsilom
            print(error.advice)  # did you mean epsilon?
        graph.output("y", graph.rms_norm(x, epsilon=1e-5, name="first"))
        print(graph.compile().outputs)


if __name__ == "__main__":
    main()

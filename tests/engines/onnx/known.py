"""Cases on which Tenon and ONNX differ, and why that is right. Regular expressions over whole names; a case that passes must not stand here."""

DIFFERENT = {
}

/* The model as the file it is, at the beginning of the flash region for it. */
    .section .model, "a"
    .balign 16
    .incbin MODEL_FILE
    .balign 16

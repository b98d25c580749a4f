/* Says whether the device can run a .tflite file: the device's interpreter, compiled for the build host. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "nn/nn.h"

enum { REGION = 256 * 1024, ARENA = 96 * 1024, HOST_FACTOR = 2 /* pointers are twice as large here */ };

int main(int argc, char** argv) {
  static uint64_t file[REGION / 8], arena[HOST_FACTOR * ARENA / 8];
  if (argc != 2) {
    fprintf(stderr, "usage: nn_check MODEL.tflite\n");
    return 2;
  }
  FILE* in = fopen(argv[1], "rb");
  if (!in) {
    fprintf(stderr, "%s: cannot be read\n", argv[1]);
    return 1;
  }
  size_t size = fread(file, 1, sizeof file, in);
  int more = fgetc(in) != EOF;
  fclose(in);
  if (more) {
    fprintf(stderr, "%s: larger than the 256 KiB of flash for a model\n", argv[1]);
    return 1;
  }
  struct nn_model model;
  struct nn_error error;
  if (nn_open(&model, file, size, arena, sizeof arena, &error)) return 0;
  fprintf(stderr, "%s: the device cannot run this model: ", argv[1]);
  if (error.operator_name) fprintf(stderr, "operator %s (number %d) ", error.operator_name, error.operator_index);
  fprintf(stderr, "%s\n", error.what);
  return 1;
}

#include "cli/cli.h"

int main(int argc, char** argv) { return xedgesim::cli::run(argc, argv); }

#include "cli/app.h"

int main(int argc, char** argv) {
  return errata::cli::run(argc, argv);
}

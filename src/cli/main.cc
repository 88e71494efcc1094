#include "cli/app.h"
#include "media/image.h"

int main(int argc, char** argv) {
  return errata::cli::run(argc, argv);
}

#include "cli/app.h"
#include "media/image.h"

int main(int argc, char** argv) {
  errata::media::reuse_image_memory();
  return errata::cli::run(argc, argv);
}

// A folder of small images with planted errors whose answers are known. Images are drawn so that
// the class shows: a model that is right can be faked by synthetic_probabilities().
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace errata::test {

struct SyntheticOptions {
  uint32_t seed = 1;
  size_t classes = 3;
  size_t images_per_class = 10;  // of the label given; wrong labels and duplicates among them
  size_t width_px = 12;
  size_t height_px = 8;
  bool with_splits = false;    // train/ 60 %, val/ 20 %, test/ 20 % of each class
  bool ppm = false;            // PPM files instead of PNG
  size_t wrong_labels = 2;     // images that lie in another class's folder
  size_t duplicates = 2;       // byte-equal copies under another name, in the same class and split
  size_t empty_files = 1;      // zero bytes
  size_t truncated_files = 1;  // the header of a PNG and nothing more than 20 bytes
  size_t text_files_as_images = 1;  // "not an image" in a .png
};

struct SyntheticImage {
  std::string path;          // below the root: "class_1/img_0003.png"
  size_t label_given = 0;    // the folder's
  size_t label_true = 0;     // what is drawn
  std::string split;         // "train", "val", "test" or empty
  std::string duplicate_of;  // path of the original, or empty
  bool broken = false;       // an importer must reject it
};

struct SyntheticDataset {
  std::string root;
  std::vector<std::string> class_names;  // "class_0", "class_1", ... in index order
  std::vector<SyntheticImage> images;    // sorted by path

  std::vector<SyntheticImage> good() const;   // those that are not broken
  std::vector<SyntheticImage> wrong() const;  // label_given != label_true
};

// Draws into `root` (made when absent). The same options give the same bytes.
SyntheticDataset make_synthetic_dataset(const std::string& root,
                                        const SyntheticOptions& options = {});

// What a good model would say of good(), in that order: rows x classes, rows sum to 1, the top
// class is label_true with a probability between 0.6 and 0.99.
std::vector<float> synthetic_probabilities(const SyntheticDataset& dataset, uint32_t seed = 1);

// Whole image files from row-major interleaved pixels (channels 1 or 3, 8 bits).
std::string encode_png(size_t width_px, size_t height_px, size_t channels,
                       const std::vector<uint8_t>& pixels);
std::string encode_pnm(size_t width_px, size_t height_px, size_t channels,
                       const std::vector<uint8_t>& pixels);
// A PNG signature and header chunk that claim this size, and no pixels.
std::string png_header(uint32_t width_px, uint32_t height_px);
// IDX files (big-endian header) of u8 images and labels.
std::string encode_idx_images(size_t count, size_t width_px, size_t height_px,
                              const std::vector<uint8_t>& pixels);
std::string encode_idx_labels(const std::vector<uint8_t>& labels);

}  // namespace errata::test

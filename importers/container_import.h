// Images inside container files (IDX, CIFAR), told as samples without unpacking anything.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "importers/importer.h"
#include "media/container.h"

namespace errata::importers {

// One container file of a source and what is known of its images from elsewhere.
struct ContainerPart {
  std::string path;  // relative to the source's root
  std::string split;
  std::shared_ptr<const media::Container> container;
  std::vector<int32_t> labels;             // one per image, or empty: no labels
  std::vector<std::string> coarse_labels;  // attribute "coarse_label" of each image, or empty
};

// Calls the sink for all parts in order. A label outside header.classes is a "label-out-of-range"
// issue and its image rejected.
void emit_containers(const ImportInput& input, const SourceHeader& header,
                     const std::vector<ContainerPart>& parts, SampleSink& sink);

// "train", "val" or "test" when a word of the file name says so: "train-images-idx3-ubyte",
// "t10k-labels...", "test_batch.bin", "data_batch_1.bin". Empty otherwise.
std::string split_of_container(std::string_view file_name);

}  // namespace errata::importers

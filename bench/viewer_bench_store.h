// The large store of the viewer's bench, written by the store's own writers.
#pragma once

#include <cstdint>
#include <string>

namespace errata::bench {

// Replaces the file. `images` is a folder of JPEGs; there are as many samples as asked for because
// each file is reached by many paths, through links beside the store. 1,000 classes, 5 % NULL in
// labels, predictions, scores and attributes; 100,000 edits in batches of 1,000; then 3 runs: the
// newest with a probability for every class (a class only, above 2,000,000 samples, where the rows
// would fill tens of gigabytes), the others with a class and its confidence; 20 scores of the
// newest; a place on the map.
void make_viewer_store(const std::string& file, const std::string& images, int64_t samples);
// Gives the samples of an older such store their place on the map; nothing where they have one.
void add_map(const std::string& file);

}  // namespace errata::bench

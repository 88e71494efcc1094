#include "store/copy_pairs.h"

#include "store/chunk.h"

namespace errata::store {

namespace {

int64_t find_chain_score(Connection& db) {
  Statement find = db.prepare("SELECT id FROM score WHERE run_id = 0 AND name = ?1");
  find.bind(1, kCopyChainScore);
  return find.step() ? find.integer(0) : 0;
}

template <typename T>
void put_values(Connection& db, int64_t score, std::string_view name, std::string_view type,
                const std::vector<T>& values, size_t pairs) {
  const int64_t stream = ensure_stream(db, "score", score, name, type);
  drop_chunks(db, stream, 0, kChunksPerStream - 1);
  put_bytes(db, stream, 0, 0, static_cast<int64_t>(pairs), bytes_of(values), Codec::kZstd);
}

template <typename T>
std::vector<T> read_values(Connection& db, int64_t score, std::string_view name, size_t count) {
  std::vector<T> values = values_of<T>(read_stream(db, find_stream(db, "score", score, name)));
  if (values.size() != count) {
    throw Error(ErrorCategory::kCorrupt, "the pairs of copies have columns of different lengths",
                "run `errata find duplicates` again");
  }
  return values;
}

}  // namespace

void put_copy_pairs(Store& store, std::span<const CopyPair> pairs) {
  std::vector<int64_t> samples;
  std::vector<int32_t> bits;
  std::vector<float> similarities;
  for (const CopyPair& pair : pairs) {
    samples.insert(samples.end(), {pair.a, pair.b});
    bits.push_back(pair.hash_bits);
    similarities.push_back(pair.similarity);
  }
  Connection& db = store.db();
  Transaction transaction(db, Transaction::Kind::kWrite);
  const int64_t score = find_chain_score(db);
  if (score == 0) throw Error(ErrorCategory::kNotFound, "there are no chains of copies");
  put_values(db, score, "pairs", "i64", samples, pairs.size());
  put_values(db, score, "pair_bits", "i32", bits, pairs.size());
  put_values(db, score, "pair_similarity", "f32", similarities, pairs.size());
  transaction.commit();
}

std::optional<std::vector<CopyPair>> read_copy_pairs(Store& store) {
  Connection& db = store.db();
  const Transaction transaction(db, Transaction::Kind::kRead);
  const int64_t score = find_chain_score(db);
  const int64_t stream = score == 0 ? 0 : find_stream(db, "score", score, "pairs");
  if (stream == 0) return std::nullopt;
  const auto samples = values_of<int64_t>(read_stream(db, stream));
  const size_t count = samples.size() / 2;
  const auto bits = read_values<int32_t>(db, score, "pair_bits", count);
  const auto similarities = read_values<float>(db, score, "pair_similarity", count);
  std::vector<CopyPair> pairs(count);
  for (size_t i = 0; i < count; ++i) {
    pairs[i] = {samples[2 * i], samples[2 * i + 1], bits[i], similarities[i]};
  }
  return pairs;
}

}  // namespace errata::store

// How a thread stands to others when there are fewer cores than work.
#pragma once

namespace errata {

// The calling thread gives way, from now on, to threads that a person waits for. Cheap to call
// again. Without effect where the system does not allow it.
void give_way();

}  // namespace errata

# The target errata_torch: LibTorch as the torch wheel holds it, CPU or CUDA layout. Not through
# find_package(Torch), whose CUDA layout asks for a CUDA tool kit that only compiling kernels needs.
# In: Torch_DIR, the folder with TorchConfig.cmake (python -c "import torch;
# print(torch.utils.cmake_prefix_path)" + /Torch).
get_filename_component(ERRATA_TORCH_ROOT "${Torch_DIR}/../../.." ABSOLUTE)
if(NOT EXISTS "${ERRATA_TORCH_ROOT}/include/torch/script.h" AND
   NOT EXISTS "${ERRATA_TORCH_ROOT}/include/torch/csrc/api/include/torch/script.h")
  message(FATAL_ERROR "LibTorch's headers are not in ${ERRATA_TORCH_ROOT}/include (Torch_DIR is "
    "${Torch_DIR})")
endif()
add_library(errata_torch INTERFACE)
target_include_directories(errata_torch SYSTEM INTERFACE "${ERRATA_TORCH_ROOT}/include"
  "${ERRATA_TORCH_ROOT}/include/torch/csrc/api/include")
# All of them, used by name or not: the CUDA libraries register their kernels when they are loaded.
# What they need in turn (NVIDIA's libraries) they find by their own run paths.
target_link_options(errata_torch INTERFACE "LINKER:--no-as-needed" "LINKER:--allow-shlib-undefined"
  "LINKER:-rpath,${ERRATA_TORCH_ROOT}/lib")
foreach(library c10 torch_cpu torch c10_cuda torch_cuda)
  if(EXISTS "${ERRATA_TORCH_ROOT}/lib/lib${library}.so")
    target_link_libraries(errata_torch INTERFACE "${ERRATA_TORCH_ROOT}/lib/lib${library}.so")
  endif()
endforeach()

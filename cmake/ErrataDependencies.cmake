# Every third party, found once. What is missing is named with its Debian package; nothing is
# downloaded here: that is cmake/setup.sh's work.

set(ERRATA_MISSING "")

macro(errata_find_package name package)
  find_package(${name} QUIET ${ARGN})
  if(NOT ${name}_FOUND)
    list(APPEND ERRATA_MISSING "${name}: apt-get install ${package}")
  endif()
endmacro()

# A library without CMake files of its own, as the imported target errata_TARGET.
macro(errata_find_library target header library package)
  find_path(ERRATA_${target}_INCLUDE ${header})
  find_library(ERRATA_${target}_LIBRARY ${library})
  if(ERRATA_${target}_INCLUDE AND ERRATA_${target}_LIBRARY)
    add_library(errata_${target} INTERFACE)
    target_include_directories(errata_${target} SYSTEM INTERFACE "${ERRATA_${target}_INCLUDE}")
    target_link_libraries(errata_${target} INTERFACE "${ERRATA_${target}_LIBRARY}")
  else()
    list(APPEND ERRATA_MISSING "${library}: apt-get install ${package}")
  endif()
endmacro()

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
errata_find_package(fmt libfmt-dev)
errata_find_package(OpenSSL libssl-dev)
errata_find_package(SQLite3 libsqlite3-dev)
errata_find_package(JPEG libjpeg62-turbo-dev)
errata_find_package(PNG libpng-dev)
errata_find_package(ZLIB zlib1g-dev)
errata_find_package(nlohmann_json nlohmann-json3-dev)
errata_find_package(CLI11 libcli11-dev)
errata_find_package(OpenCV libopencv-dev COMPONENTS core imgproc imgcodecs)
errata_find_library(xxhash xxhash.h xxhash libxxhash-dev)
errata_find_library(zip zip.h zip libzip-dev)
errata_find_library(zstd zstd.h zstd libzstd-dev)
if(ERRATA_TESTS)
  errata_find_package(doctest doctest-dev)
endif()

if(ERRATA_VIEWER)
  errata_find_package(glfw3 libglfw3-dev)
  errata_find_package(OpenGL libgl-dev)
  errata_find_library(fribidi fribidi/fribidi.h fribidi libfribidi-dev)
  set(ERRATA_IMGUI_DIR "" CACHE PATH
    "The `external` folder of imgui-bundle's sources (has imgui/, implot/, imgui_test_engine/)")
  if(NOT ERRATA_IMGUI_DIR)
    file(GLOB ERRATA_IMGUI_CANDIDATES "${ERRATA_DEPS}/imgui_bundle-*/external")
    list(APPEND ERRATA_IMGUI_CANDIDATES "")
    list(GET ERRATA_IMGUI_CANDIDATES 0 ERRATA_IMGUI_DIR)
  endif()
  if(NOT EXISTS "${ERRATA_IMGUI_DIR}/imgui/imgui/imgui.h" AND
     NOT EXISTS "${ERRATA_IMGUI_DIR}/imgui/imgui.h")
    list(APPEND ERRATA_MISSING "Dear ImGui: run cmake/setup.sh, or -DERRATA_IMGUI_DIR=..., or -DERRATA_VIEWER=OFF")
  endif()
endif()

if(ERRATA_INFER)
  if(NOT Torch_DIR)
    file(GLOB ERRATA_TORCH_CANDIDATES
      "${ERRATA_DEPS}/venv/lib/python3*/site-packages/torch/share/cmake/Torch")
    list(APPEND ERRATA_TORCH_CANDIDATES "")
    list(GET ERRATA_TORCH_CANDIDATES 0 ERRATA_TORCH_DIR)
    if(NOT ERRATA_TORCH_DIR)
      find_program(ERRATA_PYTHON NAMES python3 python)
      if(ERRATA_PYTHON)
        execute_process(COMMAND "${ERRATA_PYTHON}" -c
          "import torch; print(torch.utils.cmake_prefix_path + '/Torch')"
          OUTPUT_VARIABLE ERRATA_TORCH_DIR OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
      endif()
    endif()
    if(ERRATA_TORCH_DIR)
      set(Torch_DIR "${ERRATA_TORCH_DIR}" CACHE PATH "LibTorch's CMake files")
    endif()
  endif()
  if(NOT EXISTS "${Torch_DIR}/TorchConfig.cmake")
    list(APPEND ERRATA_MISSING
      "LibTorch: run cmake/setup.sh, or -DTorch_DIR=..., or -DERRATA_INFER=OFF")
  endif()
endif()

if(ERRATA_MISSING)
  list(JOIN ERRATA_MISSING "\n  " ERRATA_MISSING_TEXT)
  message(FATAL_ERROR "These are missing:\n  ${ERRATA_MISSING_TEXT}\n"
    "cmake/setup.sh installs all of them.")
endif()

# Embeds the Python package src/pylib/ucorn in the program: each module becomes
# a byte array in the generated pylib.inc, which src/py/pylib.c includes.
file(GLOB modules CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/pylib/ucorn/*.py)
set(arrays "")
set(rows "")
foreach(path IN LISTS modules)
	set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${path})
	get_filename_component(name ${path} NAME_WE)
	file(READ ${path} hex HEX)
	string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
	string(APPEND arrays "static const char source_${name}[] = {${bytes}0x00};\n")
	string(APPEND rows "\t{\"ucorn.${name}\", source_${name}},\n")
endforeach()
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/pylib.inc @ONLY
	CONTENT "${arrays}\nstatic const struct pylib_module modules[] = {\n${rows}};\n")
target_include_directories(layer_py PRIVATE ${CMAKE_BINARY_DIR}/generated)

// libyaml's parser: its events carry the line and column that every configuration error names.
#pragma once

#include <yaml.h>

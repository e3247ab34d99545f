//! Nothing: the lessons are the programs in ../examples, one file each.

/// `count` rounded up to a multiple of `unit`.
func padded(_ count: Int, to unit: Int) -> Int { (count + unit - 1) / unit * unit }

/// Zanzo's own bitmap font: 5×8 pixels a character (seven rows above the baseline's end, one for descenders), in cells
/// of 6×10. Scaled by whole numbers only, so that it stays sharp.
enum Font {
    /// Pixels from one character to the next.
    static let advance = 6
    /// Pixels of a character's rows.
    static let height = 8
    /// Pixels from one line to the next.
    static let lineHeight = 10
    /// Pixels of a character's columns.
    static let width = 5

    /// The five columns of `character`, left to right; bit 0 is the top row, bit 7 the descenders' row.
    ///
    /// Characters that the font does not have are drawn as a box, so that nothing vanishes silently.
    static func columns(of character: Unicode.Scalar) -> UInt64 {
        let value = Int(character.value)
        if value >= 32, value < 127 { return ascii[value - 32] }
        return others[character] ?? 0x7F_41_41_41_7F
    }

    /// One number a character, five bytes: the leftmost column is the most significant byte.
    private static let ascii: [UInt64] = [
        0x00_00_00_00_00,  // space
        0x00_00_5F_00_00,  // !
        0x00_07_00_07_00,  // "
        0x14_7F_14_7F_14,  // #
        0x24_2A_7F_2A_12,  // $
        0x23_13_08_64_62,  // %
        0x36_49_56_20_50,  // &
        0x00_00_07_00_00,  // '
        0x00_1C_22_41_00,  // (
        0x00_41_22_1C_00,  // )
        0x2A_1C_7F_1C_2A,  // *
        0x08_08_3E_08_08,  // +
        0x00_80_60_00_00,  // ,
        0x08_08_08_08_08,  // -
        0x00_60_60_00_00,  // .
        0x20_10_08_04_02,  // /
        0x3E_51_49_45_3E,  // 0
        0x00_42_7F_40_00,  // 1
        0x42_61_51_49_46,  // 2
        0x21_41_45_4B_31,  // 3
        0x18_14_12_7F_10,  // 4
        0x27_45_45_45_39,  // 5
        0x3C_4A_49_49_30,  // 6
        0x01_71_09_05_03,  // 7
        0x36_49_49_49_36,  // 8
        0x06_49_49_29_1E,  // 9
        0x00_36_36_00_00,  // :
        0x00_80_6C_00_00,  // ;
        0x08_14_22_41_00,  // <
        0x14_14_14_14_14,  // =
        0x00_41_22_14_08,  // >
        0x02_01_51_09_06,  // ?
        0x32_49_79_41_3E,  // @
        0x7E_11_11_11_7E,  // A
        0x7F_49_49_49_36,  // B
        0x3E_41_41_41_22,  // C
        0x7F_41_41_22_1C,  // D
        0x7F_49_49_49_41,  // E
        0x7F_09_09_09_01,  // F
        0x3E_41_49_49_7A,  // G
        0x7F_08_08_08_7F,  // H
        0x00_41_7F_41_00,  // I
        0x20_40_41_3F_01,  // J
        0x7F_08_14_22_41,  // K
        0x7F_40_40_40_40,  // L
        0x7F_02_0C_02_7F,  // M
        0x7F_04_08_10_7F,  // N
        0x3E_41_41_41_3E,  // O
        0x7F_09_09_09_06,  // P
        0x3E_41_51_21_5E,  // Q
        0x7F_09_19_29_46,  // R
        0x46_49_49_49_31,  // S
        0x01_01_7F_01_01,  // T
        0x3F_40_40_40_3F,  // U
        0x1F_20_40_20_1F,  // V
        0x3F_40_38_40_3F,  // W
        0x63_14_08_14_63,  // X
        0x07_08_70_08_07,  // Y
        0x61_51_49_45_43,  // Z
        0x00_7F_41_41_00,  // [
        0x02_04_08_10_20,  // backslash
        0x00_41_41_7F_00,  // ]
        0x04_02_01_02_04,  // ^
        0x80_80_80_80_80,  // _
        0x00_01_02_04_00,  // `
        0x20_54_54_54_78,  // a
        0x7F_48_44_44_38,  // b
        0x38_44_44_44_20,  // c
        0x38_44_44_48_7F,  // d
        0x38_54_54_54_18,  // e
        0x08_7E_09_01_02,  // f
        0x18_A4_A4_A4_7C,  // g
        0x7F_08_04_04_78,  // h
        0x00_44_7D_40_00,  // i
        0x40_80_84_7D_00,  // j
        0x7F_10_28_44_00,  // k
        0x00_41_7F_40_00,  // l
        0x7C_04_18_04_78,  // m
        0x7C_08_04_04_78,  // n
        0x38_44_44_44_38,  // o
        0xFC_24_24_24_18,  // p
        0x18_24_24_24_FC,  // q
        0x7C_08_04_04_08,  // r
        0x48_54_54_54_20,  // s
        0x04_3F_44_40_20,  // t
        0x3C_40_40_20_7C,  // u
        0x1C_20_40_20_1C,  // v
        0x3C_40_30_40_3C,  // w
        0x44_28_10_28_44,  // x
        0x1C_A0_A0_A0_7C,  // y
        0x44_64_54_4C_44,  // z
        0x00_08_36_41_00,  // {
        0x00_00_7F_00_00,  // |
        0x00_41_36_08_00,  // }
        0x08_04_08_10_08,  // ~
    ]

    /// What captions need beyond ASCII.
    private static let others: [Unicode.Scalar: UInt64] = [
        "\u{2212}": 0x08_08_08_08_08,  // minus
        "\u{2013}": 0x08_08_08_08_08,  // en dash
        "×": 0x22_14_08_14_22,
        "²": 0x00_19_15_12_00,
        "…": 0x40_00_40_00_40,
        "·": 0x00_00_08_00_00,
        "°": 0x00_06_09_06_00,
        "±": 0x44_44_5F_44_44,
        "≥": 0x51_51_4A_4A_44,
        "→": 0x08_08_2A_1C_08,
    ]
}

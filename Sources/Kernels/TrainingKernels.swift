package import CKernels

/// The kernels of `training.h`, of one instruction set.
package struct TrainingKernels: Sendable {
    package private(set) var gemm: zanzo_gemm = zanzo_gemm_scalar
    package private(set) var normMoments: zanzo_norm_moments = zanzo_norm_moments_scalar
    package private(set) var normForward: zanzo_norm_forward = zanzo_norm_forward_scalar
    package private(set) var normSums: zanzo_norm_sums = zanzo_norm_sums_scalar
    package private(set) var normBackward: zanzo_norm_backward = zanzo_norm_backward_scalar
    package private(set) var adam: zanzo_adam = zanzo_adam_scalar
    package private(set) var sumSquares: zanzo_sum_squares = zanzo_sum_squares_scalar

    /// Plain C.
    init() {}

    private init(
        _ gemm: @escaping zanzo_gemm, _ moments: @escaping zanzo_norm_moments, _ forward: @escaping zanzo_norm_forward,
        _ sums: @escaping zanzo_norm_sums, _ backward: @escaping zanzo_norm_backward, _ adam: @escaping zanzo_adam,
        _ squares: @escaping zanzo_sum_squares
    ) {
        (self.gemm, normMoments, normForward, normSums) = (gemm, moments, forward, sums)
        (normBackward, self.adam, sumSquares) = (backward, adam, squares)
    }

    #if arch(x86_64)
        static let avx2 = TrainingKernels(
            zanzo_gemm_avx2, zanzo_norm_moments_avx2, zanzo_norm_forward_avx2, zanzo_norm_sums_avx2,
            zanzo_norm_backward_avx2, zanzo_adam_avx2, zanzo_sum_squares_avx2)
        static let avx512 = TrainingKernels(
            zanzo_gemm_avx512, zanzo_norm_moments_avx512, zanzo_norm_forward_avx512, zanzo_norm_sums_avx512,
            zanzo_norm_backward_avx512, zanzo_adam_avx512, zanzo_sum_squares_avx512)
    #elseif arch(arm64)
        static let neon = TrainingKernels(
            zanzo_gemm_neon, zanzo_norm_moments_neon, zanzo_norm_forward_neon, zanzo_norm_sums_neon,
            zanzo_norm_backward_neon, zanzo_adam_neon, zanzo_sum_squares_neon)
    #endif
}

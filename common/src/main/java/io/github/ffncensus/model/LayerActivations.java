package io.github.ffncensus.model;

import ai.djl.ndarray.NDArray;

/**
 * One layer of one forward pass, on the device. Arrays are (batch, length, width), rows beyond a
 * sequence's length are meaningless. What no observer asked for may be null.
 *
 * @param layer from 0
 * @param ffnInput x, width hidden
 * @param coefficients m, width intermediate: post-activation; act(gate) * up for gated FFNs
 * @param gate gate projection before its activation, gated FFNs only; float32 like the coefficients
 * @param up up projection, gated FFNs only; float32
 * @param ffnOutput y, width hidden
 * @param residualBefore r, width hidden
 * @param residualAfter o, width hidden
 */
public record LayerActivations(
    int layer,
    NDArray ffnInput,
    NDArray coefficients,
    NDArray gate,
    NDArray up,
    NDArray ffnOutput,
    NDArray residualBefore,
    NDArray residualAfter) {}

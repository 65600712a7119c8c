/**
 * The types that PyTorch takes for the keyword arguments that its layers (torch.nn) share, by the name of the argument.
 * Other arguments are free.
 */
export const layerParameters: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    array: "cutoffs device_ids",
    boolean: `
      add_bias_kv add_zero_attn affine batch_first bias bidirectional ceil_mode count_include_pad
      elementwise_affine full head_bias inplace keepdim log_input requires_grad return_indices
      scale_grad_by_freq size_average sparse swap track_running_stats zero_infinity`,
    integer: `
      blank d_model dim dim_feedforward embedding_dim end_dim groups ignore_index in_channels in_features
      n_classes nhead num_channels num_decoder_layers num_embeddings num_encoder_layers num_features
      num_groups num_heads num_layers num_parameters out_channels out_features output_device padding_idx
      start_dim upscale_factor`,
    number: `
      alpha beta div_value dropout eps init k lambd lower margin max_norm max_val min_val momentum
      negative_slope norm_type p threshold upper`,
    string: "activation mode nonlinearity padding_mode reduction",
    "array integer": `
      dilation hidden_size in1_features in2_features input_size kernel_size normalized_shape
      output_padding stride`,
    "array number": "output_ratio value",
    "boolean null": "align_corners",
    "integer null": "vdim",
    "array integer null": "output_size size",
    "array integer string": "padding",
    "array null number": "scale_factor",
    "boolean null number": "max_value min_value reduce",
  }).flatMap(([types, names]) =>
    names
      .trim()
      .split(/\s+/)
      .map((name) => [name, types.split(" ")] as const),
  ),
);

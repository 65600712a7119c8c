from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Reduction(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REDUCTION_UNSPECIFIED: _ClassVar[Reduction]
    REDUCTION_NONE: _ClassVar[Reduction]
    REDUCTION_MEAN: _ClassVar[Reduction]
    REDUCTION_SUM: _ClassVar[Reduction]

class CycleMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CYCLE_MODE_UNSPECIFIED: _ClassVar[CycleMode]
    CYCLE_MODE_TRIANGULAR: _ClassVar[CycleMode]
    CYCLE_MODE_TRIANGULAR2: _ClassVar[CycleMode]
    CYCLE_MODE_EXP_RANGE: _ClassVar[CycleMode]

class ScaleMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SCALE_MODE_UNSPECIFIED: _ClassVar[ScaleMode]
    SCALE_MODE_CYCLE: _ClassVar[ScaleMode]
    SCALE_MODE_ITERATIONS: _ClassVar[ScaleMode]
REDUCTION_UNSPECIFIED: Reduction
REDUCTION_NONE: Reduction
REDUCTION_MEAN: Reduction
REDUCTION_SUM: Reduction
CYCLE_MODE_UNSPECIFIED: CycleMode
CYCLE_MODE_TRIANGULAR: CycleMode
CYCLE_MODE_TRIANGULAR2: CycleMode
CYCLE_MODE_EXP_RANGE: CycleMode
SCALE_MODE_UNSPECIFIED: ScaleMode
SCALE_MODE_CYCLE: ScaleMode
SCALE_MODE_ITERATIONS: ScaleMode

class RunDetails(_message.Message):
    __slots__ = ("algorithm", "input_size", "output_size", "batch_size", "rounds", "epochs", "seed", "precision_fractional", "lr", "lr_decay", "weight_decay", "mu", "l1_lambda", "l2_lambda", "dampening", "is_condensed", "is_snn", "use_CLR", "optimizer", "criterion", "lr_scheduler", "reduction", "base_lr", "max_lr", "step_size_up", "step_size_down", "mode", "gamma", "scale_mode", "cycle_momentum", "base_momentum", "max_momentum", "last_epoch", "patience", "delta", "cumulative_delta", "attributes")
    ALGORITHM_FIELD_NUMBER: _ClassVar[int]
    INPUT_SIZE_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_SIZE_FIELD_NUMBER: _ClassVar[int]
    BATCH_SIZE_FIELD_NUMBER: _ClassVar[int]
    ROUNDS_FIELD_NUMBER: _ClassVar[int]
    EPOCHS_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    PRECISION_FRACTIONAL_FIELD_NUMBER: _ClassVar[int]
    LR_FIELD_NUMBER: _ClassVar[int]
    LR_DECAY_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_DECAY_FIELD_NUMBER: _ClassVar[int]
    MU_FIELD_NUMBER: _ClassVar[int]
    L1_LAMBDA_FIELD_NUMBER: _ClassVar[int]
    L2_LAMBDA_FIELD_NUMBER: _ClassVar[int]
    DAMPENING_FIELD_NUMBER: _ClassVar[int]
    IS_CONDENSED_FIELD_NUMBER: _ClassVar[int]
    IS_SNN_FIELD_NUMBER: _ClassVar[int]
    USE_CLR_FIELD_NUMBER: _ClassVar[int]
    OPTIMIZER_FIELD_NUMBER: _ClassVar[int]
    CRITERION_FIELD_NUMBER: _ClassVar[int]
    LR_SCHEDULER_FIELD_NUMBER: _ClassVar[int]
    REDUCTION_FIELD_NUMBER: _ClassVar[int]
    BASE_LR_FIELD_NUMBER: _ClassVar[int]
    MAX_LR_FIELD_NUMBER: _ClassVar[int]
    STEP_SIZE_UP_FIELD_NUMBER: _ClassVar[int]
    STEP_SIZE_DOWN_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    GAMMA_FIELD_NUMBER: _ClassVar[int]
    SCALE_MODE_FIELD_NUMBER: _ClassVar[int]
    CYCLE_MOMENTUM_FIELD_NUMBER: _ClassVar[int]
    BASE_MOMENTUM_FIELD_NUMBER: _ClassVar[int]
    MAX_MOMENTUM_FIELD_NUMBER: _ClassVar[int]
    LAST_EPOCH_FIELD_NUMBER: _ClassVar[int]
    PATIENCE_FIELD_NUMBER: _ClassVar[int]
    DELTA_FIELD_NUMBER: _ClassVar[int]
    CUMULATIVE_DELTA_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    algorithm: str
    input_size: int
    output_size: int
    batch_size: int
    rounds: int
    epochs: int
    seed: int
    precision_fractional: int
    lr: float
    lr_decay: float
    weight_decay: float
    mu: float
    l1_lambda: float
    l2_lambda: float
    dampening: float
    is_condensed: bool
    is_snn: bool
    use_CLR: bool
    optimizer: str
    criterion: str
    lr_scheduler: str
    reduction: Reduction
    base_lr: float
    max_lr: float
    step_size_up: int
    step_size_down: int
    mode: CycleMode
    gamma: float
    scale_mode: ScaleMode
    cycle_momentum: bool
    base_momentum: float
    max_momentum: float
    last_epoch: int
    patience: int
    delta: float
    cumulative_delta: bool
    attributes: _struct_pb2.Struct
    def __init__(self, algorithm: _Optional[str] = ..., input_size: _Optional[int] = ..., output_size: _Optional[int] = ..., batch_size: _Optional[int] = ..., rounds: _Optional[int] = ..., epochs: _Optional[int] = ..., seed: _Optional[int] = ..., precision_fractional: _Optional[int] = ..., lr: _Optional[float] = ..., lr_decay: _Optional[float] = ..., weight_decay: _Optional[float] = ..., mu: _Optional[float] = ..., l1_lambda: _Optional[float] = ..., l2_lambda: _Optional[float] = ..., dampening: _Optional[float] = ..., is_condensed: bool = ..., is_snn: bool = ..., use_CLR: bool = ..., optimizer: _Optional[str] = ..., criterion: _Optional[str] = ..., lr_scheduler: _Optional[str] = ..., reduction: _Optional[_Union[Reduction, str]] = ..., base_lr: _Optional[float] = ..., max_lr: _Optional[float] = ..., step_size_up: _Optional[int] = ..., step_size_down: _Optional[int] = ..., mode: _Optional[_Union[CycleMode, str]] = ..., gamma: _Optional[float] = ..., scale_mode: _Optional[_Union[ScaleMode, str]] = ..., cycle_momentum: bool = ..., base_momentum: _Optional[float] = ..., max_momentum: _Optional[float] = ..., last_epoch: _Optional[int] = ..., patience: _Optional[int] = ..., delta: _Optional[float] = ..., cumulative_delta: bool = ..., attributes: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...
